"""The states of a case and of a bar, the stages of its review, and the schemes that have cases."""

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
    ENDORSED = "endorsed", "待再审批"
    APPROVED = "approved", "待公示"
    ANNOUNCED = "announced", "公示中"
    CLEARED = "cleared", "待拨付"
    BATCHED = "batched", "拨付中"
    PAID = "paid", "已拨付"
    RETURNED = "returned", "银行退回"
    REFUSED = "refused", "不予支付"
    WITHDRAWN = "withdrawn", "已撤回"
    WAIVED = "waived", "视为放弃"


class Stage(models.TextChoices):
    """The stages of a review, each by another person; `further` above the amount band of the policy row. (N6.2)"""

    FIRST = "first", "初审"
    SECOND = "second", "复核"
    APPROVAL = "approval", "审批"
    FURTHER = "further", "再审批"


class Decision(models.TextChoices):
    """What a reviewer decides at a stage; refusing payment is a step of its own."""

    PASSED = "passed", "通过"
    SENT_BACK = "sent_back", "退回"


class SendBackReason(models.TextChoices):
    """Why a case is sent back to its first review."""

    DATA_WRONG = "data_wrong", "数据有误"
    FLAG_UNCLEAR = "flag_unclear", "提示核实不清"
    EVIDENCE_MISSING = "evidence_missing", "依据材料不足"
    AMOUNT_DOUBTFUL = "amount_doubtful", "金额存疑"
    ACCOUNT_DOUBTFUL = "account_doubtful", "收款账户存疑"
    DATA_CHANGED = "data_changed", "审核后数据有变化"
    OTHER = "other", "其他"


class HoldKind(models.TextChoices):
    """Why a case waits though its turn has come; one line held is one line (N6.2, N6.5)."""

    OBJECTION = "objection", "公示异议"
    ACCOUNT_MISSING = "account_missing", "缺收款账户"
    ACCOUNT_PROPOSED = "account_proposed", "账户变更待确认"
    ACCOUNT_DOUBTFUL = "account_doubtful", "户名不符"
    ACCOUNT_UNDECLARED = "account_undeclared", "未声明无对公账户"
    NOT_ACTIVE = "not_active", "参保状态异常"
    LISTED = "listed", "列入名单"
    BAR = "bar", "取消资格"
    OBSTACLE = "obstacle", "有未了结事项"
    DETERMINATION = "determination", "待人工核定"
    OTHER = "other", "其他"


class AnnouncementStatus(models.TextChoices):
    """Drawn up by one person, published by another; whether it still runs is a matter of its dates."""

    DRAWN = "drawn", "拟公示"
    PUBLISHED = "published", "已公示"
    DISCARDED = "discarded", "已作废"


class LineChange(models.TextChoices):
    """What a correction says of a line; blank in an ordinary announcement."""

    RAISED = "raised", "金额调增"
    LOWERED = "lowered", "金额调减"
    OTHER = "other", "内容更正"
    ADDED = "added", "增补"
    REMOVED = "removed", "撤销"


class ObjectionKind(models.TextChoices):
    """What an objection is about."""

    LAYOFFS = "layoffs", "裁员情况不实"
    PREMIUM = "premium", "缴费或金额不实"
    IDENTITY = "identity", "单位主体或名称不实"
    CONDUCT = "conduct", "失信、违法或经营异常"
    OTHER = "other", "其他"


class Channel(models.TextChoices):
    """How an objection came in."""

    PUBLIC = "public", "公示页面"
    COUNTER = "counter", "窗口"
    POST = "post", "信函"
    PHONE = "phone", "电话"


class ObjectionStatus(models.TextChoices):
    """An objection waits, is upheld (nothing is paid) or is dismissed with an answer."""

    OPEN = "open", "待处理"
    UPHELD = "upheld", "成立"
    DISMISSED = "dismissed", "不成立"


class Remedy(models.TextChoices):
    """What an objection that is upheld leads to; blank otherwise."""

    REFUSED = "refused", "不予支付"
    RECALCULATED = "recalculated", "重新核定，另行公示"


class SecondLookChannel(models.TextChoices):
    """How a request for a second look came in."""

    PUBLIC = "public", "公众页面"
    PORTAL = "portal", "单位门户"
    COUNTER = "counter", "窗口"
    POST = "post", "信函"
    PHONE = "phone", "电话"


class SecondLookStatus(models.TextChoices):
    """A request waits; answered, the judgement is another one now, or it stays."""

    OPEN = "open", "待复核"
    CHANGED = "changed", "结论变更"
    KEPT = "kept", "维持原结论"
