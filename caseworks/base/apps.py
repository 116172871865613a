from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "caseworks.base"
    label = "base"
    verbose_name = "基础"
