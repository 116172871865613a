"""What the registry's own records may be: kinds of files, states of accounts and retirements."""

from django.db import models


class FileKind(models.TextChoices):
    """The files of the data contract, in the order in which they are imported; the value is the file's stem."""

    UNITS = "units", "参保单位"
    ACCOUNTS = "accounts", "银行账户"
    CONTRIBUTIONS = "contributions", "缴费明细"
    SEPARATIONS = "separations", "减员记录"
    LISTINGS = "listings", "名单"
    FUND = "fund", "基金收支"
    WORKERS = "workers", "参保职工"
    WORKER_INSURANCE = "worker_insurance", "职工参保记录"
    BENEFIT_SPELLS = "benefit_spells", "领取失业保险金记录"
    CERTIFICATES = "certificates", "技能证书"
    TRAINING_SUBSIDIES = "training_subsidies", "职业培训补贴"


class Mode(models.TextChoices):
    """Whether a file adds to what is stored, or stands for all of its period and region."""

    ADD = "add", "新增和更新"
    REPLACE = "replace", "替换（找出上游已作废的记录）"


class AccountStatus(models.TextChoices):
    """State of a bank account: a changed one is proposed and waits for another person."""

    CURRENT = "current", "在用"
    PROPOSED = "proposed", "待确认"
    SUPERSEDED = "superseded", "已替换"
    REFUSED = "refused", "已退回"


class CardChangeStatus(models.TextChoices):
    """State of a changed social-security card: entered by one person or a file, decided by another person."""

    PROPOSED = "proposed", "待确认"
    CONFIRMED = "confirmed", "已生效"
    REFUSED = "refused", "已退回"
    SUPERSEDED = "superseded", "已被后来的登记取代"


class DeclarationStatus(models.TextChoices):
    """State of a declaration: entered by one person, confirmed or refused by another, ended when it holds no longer."""

    PROPOSED = "proposed", "待确认"
    CONFIRMED = "confirmed", "有效"
    REFUSED = "refused", "已退回"
    ENDED = "ended", "已终止"


class SuccessionStatus(models.TextChoices):
    """State of a succession: entered by one person, confirmed or refused by another, revoked where it was wrong."""

    PROPOSED = "proposed", "待确认"
    CONFIRMED = "confirmed", "有效"
    REFUSED = "refused", "已退回"
    REVOKED = "revoked", "已撤销"


class RetirementStatus(models.TextChoices):
    """State of a record that upstream no longer has."""

    PROPOSED = "proposed", "待确认"
    CONFIRMED = "confirmed", "已作废"
    KEPT = "kept", "保留"
