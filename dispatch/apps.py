from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "dispatch"
    verbose_name = "劳务派遣"

    def ready(self) -> None:
        from caseworks.people.offices import register_scoped

        register_scoped("dispatch_application")
