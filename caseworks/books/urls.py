"""The pages of the books, below /desk/."""

from django.urls import path

from caseworks.books.views import runs

app_name = "books"
urlpatterns = [
    path("books/", runs.run_list, name="run_list"),
    path("books/check/", runs.run_now, name="run_now"),
    path("books/<int:pk>/", runs.run_detail, name="run_detail"),
]
