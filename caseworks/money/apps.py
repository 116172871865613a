from django.apps import AppConfig


class MoneyConfig(AppConfig):
    name = "caseworks.money"
    label = "money"
    verbose_name = "拨付"
