"""The pages of cases and their reviews, below /desk/."""

from django.urls import path

from caseworks.cases.views import acting, bulk, cases, opinions, reviews

app_name = "cases"
urlpatterns = [
    path("reviews/", reviews.review_list, name="review_list"),
    path("reviews/open/", reviews.review_open, name="review_open"),
    path("reviews/pass/", bulk.review_pass, name="review_pass"),
    path("reviews/done/", bulk.review_done, name="review_done"),
    path("reviews/take/", reviews.review_take, name="review_take"),
    path("reviews/offices/", reviews.review_offices, name="review_offices"),
    path("reviews/opinions/", opinions.opinion_list, name="opinion_list"),
    path("cases/<int:pk>/", cases.case_detail, name="case_detail"),
    path("cases/<int:pk>/act/", acting.case_act, name="case_act"),
    path("cases/<int:pk>/sheet.pdf", acting.case_sheet, name="case_sheet"),
    path("cases/<int:pk>/files/", acting.case_attach, name="case_attach"),
    path("cases/<int:pk>/files/<int:file>/", acting.case_file, name="case_file"),
]
