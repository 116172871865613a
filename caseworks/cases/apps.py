from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "caseworks.cases"
    label = "cases"
    verbose_name = "业务件"
