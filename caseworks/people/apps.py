from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "caseworks.people"
    label = "people"
    verbose_name = "人员"
