from django.apps import AppConfig


class LawConfig(AppConfig):
    name = "caseworks.law"
    label = "law"
    verbose_name = "政策与日历"
