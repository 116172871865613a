from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "caseworks.registry"
    label = "registry"
    verbose_name = "参保登记"

    def ready(self) -> None:
        from caseworks.people.offices import register_scoped

        register_scoped("registry_unit")
