"""Code lists: the value is the English code of the files, the label the Chinese word (both are accepted in files)."""

from django.db import models


class UnitType(models.TextChoices):
    """单位类型. (N2.5, J2.5)"""

    ENTERPRISE = "enterprise", "企业"
    SOCIAL_ORGANIZATION = "social_organization", "社会团体"
    FOUNDATION = "foundation", "基金会"
    SOCIAL_SERVICE = "social_service", "社会服务机构"
    LAW_FIRM = "law_firm", "律师事务所"
    ACCOUNTING_FIRM = "accounting_firm", "会计师事务所"
    INDIVIDUAL_BUSINESS = "individual_business", "个体工商户"
    GOVERNMENT = "government", "机关"
    PUBLIC_INSTITUTION = "public_institution", "事业单位"
    OTHER = "other", "其他"


class Size(models.TextChoices):
    """企业划型; blank means unknown. (N2.3)"""

    LARGE = "large", "大型"
    MEDIUM = "medium", "中型"
    SMALL = "small", "小型"
    MICRO = "micro", "微型"


class UnitStatus(models.TextChoices):
    """参保状态."""

    ACTIVE = "active", "正常"
    SUSPENDED = "suspended", "暂停"
    DEREGISTERED = "deregistered", "注销"
    REVOKED = "revoked", "吊销"


class ContributionKind(models.TextChoices):
    """缴费类型."""

    NORMAL = "normal", "正常应缴"
    SUPPLEMENT = "supplement", "补收"
    ARREARS = "arrears", "补缴欠费"
    REFUND = "refund", "退收"
    LATE_FEE = "late_fee", "滞纳金"


class SeparationReason(models.TextChoices):
    """减员原因."""

    DEATH = "death", "死亡"
    RETIREMENT = "retirement", "退休"
    DISMISSAL = "dismissal", "被辞退"
    TERMINATION = "termination", "解除劳动合同"
    RESIGNATION = "resignation", "辞职"
    TRANSFER = "transfer", "工作调动"
    MILITARY = "military", "参军"
    STUDY = "study", "上学"
    OTHER = "other", "其他"


class ListKind(models.TextChoices):
    """名单类型."""

    DISHONEST = "dishonest", "失信惩戒"
    ZOMBIE = "zombie", "僵尸企业"
    ABNORMAL = "abnormal", "经营异常"
    ENVIRONMENTAL = "environmental", "环保处罚"


class CertificateType(models.TextChoices):
    """证书类型. (N3.1)"""

    VOCATIONAL_QUALIFICATION = "vocational_qualification", "技能人员职业资格证书"
    SKILL_LEVEL = "skill_level", "职业技能等级证书"


class AccountKind(models.TextChoices):
    """账户类型. (N5.2)"""

    CORPORATE = "corporate", "对公"
    TAX = "tax", "税务缴费账户"


class PaidTo(models.TextChoices):
    """账户类型 of a payment: those of units, and a person's card. (N5.2, N5.4)"""

    CORPORATE = AccountKind.CORPORATE.value, "对公"
    TAX = AccountKind.TAX.value, "税务缴费账户"
    CARD = "card", "社会保障卡"


class IdType(models.TextChoices):
    """证件类型; the first two are checked by GB 11643."""

    RESIDENT_ID = "resident_id", "居民身份证"
    PERMIT = "permit", "港澳台居民居住证"
    FOREIGN_PR = "foreign_pr", "外国人永久居留证"
    PASSPORT = "passport", "护照"


class Role(models.TextChoices):
    """What a member of staff may be appointed as. (N6.2)"""

    CLERK = "clerk", "经办"
    REVIEWER = "reviewer", "复核"
    APPROVER = "approver", "审批"
    CASHIER = "cashier", "财务"
    SUPERVISOR = "supervisor", "主管"
    AUDITOR = "auditor", "稽核"
    ADMINISTRATOR = "administrator", "系统管理"


class DocumentKind(models.TextChoices):
    """Kinds of papers with a number of their own (文书)."""

    REFUND_DECISION = "refund_decision", "稳岗返还核定通知"
    FUND_APPLICATION = "fund_application", "资金拨付申请表"
    OBJECTION_ANSWER = "objection_answer", "公示异议答复"
    SECOND_LOOK_ANSWER = "second_look_answer", "复核申请答复"
    RECOVERY_NOTICE = "recovery_notice", "责令退回通知书"
    RECOVERY_URGING = "recovery_urging", "催告书"
    RECOVERY_HANDOVER = "recovery_handover", "移交函"
    FINAL_CALL = "final_call", "未办结名单公告"
    BAR_NOTICE = "bar_notice", "拟取消资格告知书"


class NoticeChannel(models.TextChoices):
    """By which way a notice reaches somebody. (N5.1)"""

    SMS = "sms", "短信"
    PORTAL = "portal", "单位门户"


class NoticeStatus(models.TextChoices):
    """How far a notice has come; one of the portal is sent as soon as it is posted."""

    WAITING = "waiting", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发送"
    DELIVERED = "delivered", "已送达"
    FAILED = "failed", "发送失败"
    SKIPPED = "skipped", "未发送"


class NoticeProblem(models.TextChoices):
    """Why a notice failed or was not sent."""

    NO_PHONE = "no_phone", "没有可收短信的手机号码"
    BLOCKED = "blocked", "号码在不发送名单"
    NO_GATEWAY = "no_gateway", "没有配置短信通道"
    REFUSED = "refused", "短信通道拒绝"
    EXHAUSTED = "exhausted", "多次重试未成功"
    UNDELIVERED = "undelivered", "运营商未送达"
    WORDING = "wording", "模板缺少内容"
