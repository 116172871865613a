from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "caseworks.cases"
    label = "cases"
    verbose_name = "业务件"

    def ready(self) -> None:
        from caseworks.base.rekeying import register_follower

        # a person is named by the keyed hash, as text
        register_follower(
            """UPDATE cases_case SET subject = encode(rehashed.new, 'hex')
                 FROM rehashed WHERE subject = encode(rehashed.old, 'hex')"""
        )
        register_follower(
            """UPDATE cases_secondlook SET subject = encode(rehashed.new, 'hex')
                 FROM rehashed WHERE subject = encode(rehashed.old, 'hex')"""
        )
