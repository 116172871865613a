from django.apps import AppConfig


class BooksConfig(AppConfig):
    name = "caseworks.books"
    label = "books"
    verbose_name = "账目核对"
