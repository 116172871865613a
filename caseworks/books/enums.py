"""What an invariant is about, and how much of the books a run looks at."""

from django.db import models


class Of(models.TextChoices):
    """What the number of an offending row names."""

    CASE = "case", "业务件"
    PAYMENT = "payment", "支付"
    BATCH = "batch", "批次"
    ANNOUNCEMENT = "announcement", "公示"
    OBJECTION = "objection", "异议"
    RECOVERY = "recovery", "追回"
    OTHER = "other", "其他"


class Scope(models.TextChoices):
    """How much a run looked at."""

    BATCH = "batch", "一次办理"
    CHANGED = "changed", "有变化的"
    ALL = "all", "全部"
