"""The words of the refund: outcomes, flags and what a determination may settle."""

from django.db import models


class Outcome(models.TextChoices):
    """结论, in the order in which a class of reasons wins (contract, 2)."""

    INELIGIBLE = "ineligible", "不符合"
    APPLY = "apply", "须申请"
    MANUAL = "manual", "待核定"
    ELIGIBLE = "eligible", "符合"


class Flag(models.TextChoices):
    """提示: changes no outcome; the first reviewer clears each in words (contract, 2)."""

    DISPATCH_SUSPECTED = "dispatch_suspected", "疑似劳务派遣"
    TYPE_CONFLICT = "type_conflict", "单位类型与代码不符"
    ROWS_REJECTED = "rows_rejected", "有未改正的错误数据"
    PAID_LATE = "paid_late", "缴费到账较晚"
    ACCOUNT_CHANGED = "account_changed", "账户变更待确认"
    LISTED_WARNING = "listed_warning", "列入提示名单"


class Fact(models.TextChoices):
    """What a clerk may settle with evidence where the files do not tell (人工核定)."""

    UNIT_TYPE = "unit_type", "单位类型"
    SIZE = "size", "企业划型"
    OPENING_HEADCOUNT = "opening_headcount", "年初参保人数"
    CLOSING_HEADCOUNT = "closing_headcount", "年末参保人数"


class DeterminationStatus(models.TextChoices):
    """How far a determination has come."""

    SET = "set", "待确认"
    CONFIRMED = "confirmed", "已确认"
    REFUSED = "refused", "未通过"
    SUPERSEDED = "superseded", "已被替代"


class ChangeKind(models.TextChoices):
    """What a screening did to a stored judgement."""

    NEW = "new", "新增"
    CHANGED = "changed", "变化"
    GONE = "gone", "不再在册"


class DifferenceKind(models.TextChoices):
    """What a judgement made anew says of the money that stands."""

    TOPUP = "topup", "应补"
    OVERPAID = "overpaid", "应退"


class DifferenceStatus(models.TextChoices):
    """A difference waits for a person; what was never decided lapses when a later recalculation does not find it."""

    PROPOSED = "proposed", "待决定"
    ACCEPTED = "accepted", "已办理"
    DECLINED = "declined", "不予办理"
    LAPSED = "lapsed", "已无此差额"
