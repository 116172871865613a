from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "caseworks.registry"
    label = "registry"
    verbose_name = "参保登记"

    def ready(self) -> None:
        from caseworks.base.rekeying import register_follower
        from caseworks.people.offices import register_scoped

        register_scoped("registry_unit")
        register_scoped("registry_cardchange")
        register_follower(
            """UPDATE registry_retirement
                  SET key = jsonb_set(key, '{id_hash}', to_jsonb(encode(rehashed.new, 'hex')))
                 FROM rehashed WHERE key->>'id_hash' = encode(rehashed.old, 'hex')"""
        )
