from django.apps import AppConfig


class RefundsConfig(AppConfig):
    name = "refunds"
    verbose_name = "稳岗返还"

    def ready(self) -> None:
        from caseworks.people.offices import register_scoped

        register_scoped("refunds_assessment")
