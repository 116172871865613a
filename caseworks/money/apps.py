from django.apps import AppConfig


class MoneyConfig(AppConfig):
    name = "caseworks.money"
    label = "money"
    verbose_name = "拨付"

    def ready(self) -> None:
        from caseworks.base.rekeying import register_follower

        # a person is named by the keyed hash, as text
        register_follower(
            """UPDATE money_payment SET subject = encode(rehashed.new, 'hex')
                 FROM rehashed WHERE subject = encode(rehashed.old, 'hex')"""
        )
        register_follower(
            """UPDATE money_recovery SET subject = encode(rehashed.new, 'hex')
                 FROM rehashed WHERE subject = encode(rehashed.old, 'hex')"""
        )
