"""The states of a batch and of a payment, and what a bank says of it."""

from django.db import models


class BatchStatus(models.TextChoices):
    """Where a batch stands. (N6.2)"""

    DRAWN = "drawn", "待复核放行"
    RELEASED = "released", "待送银行"
    SENT = "sent", "已送银行"
    DISSOLVED = "dissolved", "已撤销"


class PaymentStatus(models.TextChoices):
    """Where a payment stands; a cancelled one never left the bureau and counts as no attempt."""

    DRAWN = "drawn", "在批次中"
    SENT = "sent", "已送银行"
    PAID = "paid", "已到账"
    RETURNED = "returned", "银行退回"
    CANCELLED = "cancelled", "已移出"


class Result(models.TextChoices):
    """What the bank says of a payment (contract 5)."""

    PAID = "paid", "成功"
    RETURNED = "returned", "退回"


class MovementKind(models.TextChoices):
    """Money out of the fund, and money that came back from the bank."""

    PAID = "paid", "拨付"
    RETURNED = "returned", "退汇"


LIVE = (PaymentStatus.DRAWN, PaymentStatus.SENT, PaymentStatus.PAID)
