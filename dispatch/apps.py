from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "dispatch"
    verbose_name = "劳务派遣"

    def ready(self) -> None:
        from caseworks.people.offices import register_scoped

        for table in ("dispatch_application", "dispatch_obligation", "dispatch_voucher"):
            register_scoped(table)
