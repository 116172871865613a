"""The states of a batch and of a payment, and what a bank says of it."""

from django.db import models


class BatchStatus(models.TextChoices):
    """Where a batch stands. (N6.2)"""

    DRAWN = "drawn", "待复核放行"
    RELEASED = "released", "已放行"
    REPORTED = "reported", "已报财政"
    FUNDED = "funded", "财政资金已到"
    SENT = "sent", "已送银行"
    DISSOLVED = "dissolved", "已撤销"


class FiscalStep(models.TextChoices):
    """What a batch goes through at the finance bureau before it is sent, where the policy row asks for it (N6.2)."""

    REPORT = "report", "报财政"
    RECEIPT = "receipt", "财政到账"


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
    """Money out of the fund, money that came back from the bank, and money that was given back (N6.2)."""

    PAID = "paid", "拨付"
    RETURNED = "returned", "退汇"
    REPAID = "repaid", "退还"
    GIVEN_BACK = "given_back", "主动退回"


LIVE = (PaymentStatus.DRAWN, PaymentStatus.SENT, PaymentStatus.PAID)


class RecoveryKind(models.TextChoices):
    """Why money is to be given back."""

    OVERPAID = "overpaid", "多付"
    CLAWBACK = "clawback", "逾期未转付"
    MISUSE = "misuse", "未按规定使用"


class RecoveryOrigin(models.TextChoices):
    """How it was found."""

    RECALCULATION = "recalculation", "重新核算"
    AUDIT = "audit", "审计稽核"
    OBJECTION = "objection", "异议举报"
    SWEEP = "sweep", "到期清查"
    USE_CHECK = "use_check", "资金使用核查"


class RecoveryStatus(models.TextChoices):
    """Where a recovery stands; one that is proposed waits for a second person."""

    PROPOSED = "proposed", "拟追回"
    OPEN = "open", "追回中"
    HANDED_OVER = "handed_over", "已移交"
    CLOSED = "closed", "已结案"
    WITHDRAWN = "withdrawn", "已撤销"


class EntryKind(models.TextChoices):
    """The lines of a recovery's account."""

    FOUND = "found", "登记应追回"
    CONFIRMED = "confirmed", "确认追回"
    NOTICED = "noticed", "责令退回"
    DELIVERED = "delivered", "送达"
    URGED = "urged", "催告"
    REDUCED = "reduced", "冲减"
    REPAID = "repaid", "退还"
    HANDED_OVER = "handed_over", "移交"
    CLOSED = "closed", "结案"
    WITHDRAWN = "withdrawn", "撤销"


class RepaymentStatus(models.TextChoices):
    """A repayment counts once it is confirmed."""

    ENTERED = "entered", "待确认"
    CONFIRMED = "confirmed", "已确认"
    REJECTED = "rejected", "不予登记"


OWING = (RecoveryStatus.PROPOSED, RecoveryStatus.OPEN, RecoveryStatus.HANDED_OVER)
GOING = (BatchStatus.RELEASED, BatchStatus.REPORTED, BatchStatus.FUNDED)  # released and not sent yet


class Direction(models.TextChoices):
    """Which way a line of a bank statement went, as the account's holder sees it."""

    OUT = "out", "支出"
    IN = "in", "收入"


class MatchedBy(models.TextChoices):
    """By what a line of a bank statement and a movement were taken to be the same."""

    NUMBER = "number", "支付编号"
    BATCH = "batch", "批次合计"
    REPAYMENT = "repayment", "退还流水号"
    ACCOUNT = "account", "金额、账号末四位和日期"
    HAND = "hand", "人工勾对"


class MonthStatus(models.TextChoices):
    """Where the reconciliation of a month stands: handed over by one person, closed by another."""

    PROPOSED = "proposed", "待另一人关账"
    CLOSED = "closed", "已关账"
    REOPENED = "reopened", "已重开"


class UseCategory(models.TextChoices):
    """What the money may be used for, in the notice's own words (N2.4)."""

    LIVING = "living", "职工生活补助"
    INSURANCE = "insurance", "缴纳社会保险费"
    RETRAINING = "retraining", "转岗培训"
    SKILLS = "skills", "技能提升培训"
    COSTS = "costs", "降低生产经营成本"


class UseWhy(models.TextChoices):
    """Why a unit reports."""

    AGENCY = "agency", "劳务派遣单位"
    SAMPLE = "sample", "抽查"
    VOLUNTARY = "voluntary", "主动报告"


class UseStatus(models.TextChoices):
    """Where a report stands."""

    ASKED = "asked", "待报告"
    HANDED_IN = "handed_in", "待核对"
    SENT_BACK = "sent_back", "退回补正"
    CHECKED = "checked", "核对无误"
    MISUSED = "misused", "查实使用不当"
