"""The words of dispatch: forms of employment, parts, and the states of applications, obligations and vouchers."""

from django.db import models


class Form(models.TextChoices):
    """用工形式 of a row of the roster (J2.6, contract 3)."""

    OWN = "own", "自有"
    DISPATCHED = "dispatched", "被派遣"
    OUTSOURCED = "outsourced", "承揽外包"
    OTHER = "other", "其他"


class PartKind(models.TextChoices):
    """A part of an application: the agency's own (J2.4), a host's (J2.3), or outside the policy (J2.5)."""

    OWN = "own", "自有部分"
    HOST = "host", "用工单位部分"
    EXCLUDED = "excluded", "不在范围部分"


class ApplicationStatus(models.TextChoices):
    """Where an application stands until a case carries it on."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "已提交"
    SENT_BACK = "sent_back", "已退回补正"
    WITHDRAWN = "withdrawn", "已撤回"


class Channel(models.TextChoices):
    """How an application or a voucher came in."""

    PORTAL = "portal", "单位网上办理"
    COUNTER = "counter", "窗口"
    COMMAND = "command", "批量导入"


class Action(models.TextChoices):
    """A line of an application's story."""

    DRAFTED = "drafted", "保存草稿"
    SUBMITTED = "submitted", "提交"
    RESUBMITTED = "resubmitted", "补正后提交"
    SENT_BACK = "sent_back", "退回补正"
    WITHDRAWN = "withdrawn", "撤回"
    ATTACHED = "attached", "上传附件"
    HOST_SETTLED = "host_settled", "核定用工单位"
    REPLACED = "replaced", "更换份额"


class AttachmentKind(models.TextChoices):
    """Papers that go with an application (J2.6)."""

    ROSTER = "roster", "盖章名册"
    LICENCE = "licence", "劳务派遣许可证"
    COMMITMENT = "commitment", "承诺书"
    OTHER = "other", "其他材料"


class Flag(models.TextChoices):
    """What a clerk should look at; nothing is decided by a flag (issue: signs of 假外包真派遣, host types)."""

    HOST_TYPE_DIFFERS = "host_type_differs", "用工单位类型与登记不符"
    HOST_LOOKS_PUBLIC = "host_looks_public", "用工单位名称似机关事业单位，申报为企业"
    HOST_IS_AGENCY = "host_is_agency", "用工单位为派遣单位自己"
    CLIENT_IS_HOST = "client_is_host", "外包发包方同时是用工单位"
    OWN_SHARE_UP = "own_share_up", "自有部分占比较上年明显上升"
    WORKERS_MISSING = "workers_missing", "有参保人员未列入名册"
    HOST_SETTLED = "host_settled", "用工单位划型由人工核定"
    BAR_PROPOSED = "bar_proposed", "拟取消本年度申领资格，待决定"
    MANUAL_REASON = "manual_reason", "有待人工核定的事项"


class ObligationStatus(models.TextChoices):
    """Where the forwarding of a host's part stands (J2.7, J2.8)."""

    OPEN = "open", "待转付"
    SETTLED = "settled", "已结清"
    CLAIMED = "claimed", "已责令退回"
    EXCUSED = "excused", "已免除"
    CLOSED = "closed", "已关闭"


class Closure(models.TextChoices):
    """Why an obligation was closed without having been settled."""

    RETURNED = "returned", "款项被银行退回"
    REPLACED = "replaced", "份额已更换"


class VoucherStatus(models.TextChoices):
    """A voucher waits, counts, or does not."""

    PENDING = "pending", "待核对"
    VERIFIED = "verified", "已核实"
    REJECTED = "rejected", "未通过"
    ANNULLED = "annulled", "已撤销核实"


class VoucherReason(models.TextChoices):
    """Why a voucher does not count."""

    FORGED = "forged", "伪造、变造"
    PAID_BACK = "paid_back", "付出后又转回"
    WRONG_PAYEE = "wrong_payee", "收款人与用工单位不符"
    WRONG_PAYER = "wrong_payer", "付款人不是派遣单位"
    WRONG_AMOUNT = "wrong_amount", "金额与凭证不符"
    WRONG_DATE = "wrong_date", "日期与凭证不符"
    ILLEGIBLE = "illegible", "凭证不清晰或不完整"
    OTHER = "other", "其他"


class Cause(models.TextChoices):
    """By what a part came to be claimed back."""

    OVERDUE = "overdue", "期限届满未转付也未退回"
    REJECTED = "rejected", "期限后凭证未通过"
    ANNULLED = "annulled", "已核实的凭证被撤销"


class RevokeReason(models.TextChoices):
    """Why a supervisor revokes a bar."""

    BANK_ERROR = "bank_error", "银行差错"
    RETURNED_IN_TIME = "returned_in_time", "按期退回、登记在后"
    PROOF_FOUND = "proof_found", "查明已按期转付"
    OTHER = "other", "其他"
