"""The pages of cases and their reviews, below /desk/."""

from django.urls import path

from caseworks.cases.views import cases, reviews

app_name = "cases"
urlpatterns = [
    path("reviews/", reviews.review_list, name="review_list"),
    path("reviews/open/", reviews.review_open, name="review_open"),
    path("reviews/pass/", reviews.review_pass, name="review_pass"),
    path("cases/<int:pk>/", cases.case_detail, name="case_detail"),
    path("cases/<int:pk>/act/", cases.case_act, name="case_act"),
]
