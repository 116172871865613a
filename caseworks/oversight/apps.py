from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "caseworks.oversight"
    label = "oversight"
    verbose_name = "监管"
