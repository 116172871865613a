"""Is this a training database? The mark in it and CASEWORKS_TRAINING are both needed (contract 5)."""

from __future__ import annotations

import datetime

from django.apps import apps
from django.conf import settings

from caseworks.base.errors import Refusal
from caseworks.law.models import TrainingMark
from caseworks.people.actors import Actor

# Applications whose tables hold nothing of a bureau: what Django itself writes while it migrates.
_FRAMEWORK = frozenset({"contenttypes", "auth", "sessions", "django_celery_beat", "axes", "admin"})


def is_training() -> bool:
    """Both the mark and the variable: neither alone makes a database of real people one for training."""
    return bool(settings.TRAINING) and TrainingMark.objects.exists()


def require_training() -> None:
    """Refuse outside a training database."""
    if not is_training():
        raise Refusal(
            "这里不是训练库，未作任何更改。训练库须在空库上以 CASEWORKS_TRAINING=1 运行 setup 建立，并一直保留该变量。"
        )


def occupied_tables() -> list[str]:
    """The names of what already stands in the database."""
    models = [m for m in apps.get_models() if m._meta.managed and m._meta.app_label not in _FRAMEWORK]
    return [str(m._meta.verbose_name) for m in models if m._default_manager.exists()]


def mark(*, by: Actor, at: datetime.datetime) -> bool:
    """Mark an empty database as one for training; True when it was marked just now."""
    if TrainingMark.objects.exists():
        return False
    occupied = occupied_tables()
    if occupied:
        raise Refusal(
            "数据库里已有数据，不能标记为训练库，未作任何更改。训练库只能建在空库上；"
            "若这是正式库，请去掉 CASEWORKS_TRAINING 后重试。",
            [f"已有：{'、'.join(occupied)}"],
        )
    TrainingMark.objects.create(label=by.label, at=at)
    return True
