from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "caseworks.people"
    label = "people"
    verbose_name = "人员与机构"

    def ready(self) -> None:
        from . import sign_ins

        sign_ins.connect()
