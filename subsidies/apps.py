from django.apps import AppConfig


class SubsidiesConfig(AppConfig):
    name = "subsidies"
    verbose_name = "技能补贴"

    def ready(self) -> None:
        from caseworks.people.offices import register_scoped

        register_scoped("subsidies_claim")
