"""The states of a case and of a bar, and the schemes that have cases."""

from django.db import models


class Scheme(models.TextChoices):
    """What the money is for; the kernel knows a scheme only by this word."""

    REFUNDS = "refunds", "稳岗返还"
    DISPATCH = "dispatch", "劳务派遣"
    SUBSIDIES = "subsidies", "技能补贴"


class BarStatus(models.TextChoices):
    """A bar holds while it is proposed or confirmed (J2.9)."""

    PROPOSED = "proposed", "拟取消资格"
    CONFIRMED = "confirmed", "已查实"
    REVOKED = "revoked", "已撤销"


class Status(models.TextChoices):
    """Where a case stands. Holds are not states: a held case keeps its place."""

    OPENED = "opened", "待初审"
    FIRST_PASSED = "first_passed", "待复核"
    SECOND_PASSED = "second_passed", "待审批"
    APPROVED = "approved", "待公示"
    ANNOUNCED = "announced", "公示中"
    CLEARED = "cleared", "待拨付"
    BATCHED = "batched", "拨付中"
    PAID = "paid", "已拨付"
    RETURNED = "returned", "银行退回"
    REFUSED = "refused", "不予支付"
    WITHDRAWN = "withdrawn", "已撤回"
    WAIVED = "waived", "视为放弃"
