from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "caseworks.base"
    label = "base"
    verbose_name = "基础"

    def ready(self) -> None:
        from django.conf import settings

        from caseworks.base import faults
        from caseworks.base.rekeying import register_follower

        faults.arm(settings.FAULT, allowed=settings.DEBUG or settings.TRAINING)

        # a person is named by the keyed hash, as text
        register_follower(
            """UPDATE base_notice SET subject = encode(rehashed.new, 'hex')
                 FROM rehashed WHERE subject = encode(rehashed.old, 'hex')"""
        )
