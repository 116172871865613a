from django.apps import AppConfig


class SubsidiesConfig(AppConfig):
    name = "subsidies"
    verbose_name = "技能补贴"

    def ready(self) -> None:
        from caseworks.base.rekeying import register_follower
        from caseworks.people.offices import register_scoped

        register_scoped("subsidies_claim")
        for table in ("cases_case", "money_payment"):  # their subject is the person's hash, as text
            register_follower(
                f"""UPDATE {table} SET subject = encode(rehashed.new, 'hex')
                      FROM rehashed WHERE scheme = 'subsidies' AND subject = encode(rehashed.old, 'hex')"""
            )
