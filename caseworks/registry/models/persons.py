"""Insured people, what they are insured for, their certificates and earlier training subsidies. (N3.1, N3.3, J3.1)

A person is known by the keyed hash of the ID number; the number itself stands sealed in `Worker`.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from caseworks.base.enums import CertificateType, IdType
from caseworks.base.sealed import HashField, SealedField


class Worker(models.Model):
    """A person, with the account of the social-security card."""

    id_hash = HashField("证件号码检索码", of="id_no", unique=True)
    id_no = SealedField("证件号码")
    id_type = models.CharField("证件类型", max_length=12, choices=IdType.choices, default=IdType.RESIDENT_ID)
    name = models.CharField("姓名", max_length=100)
    phone = SealedField("联系电话", blank=True, default="")
    phone_hash = HashField("联系电话检索码", of="phone", null=True)  # type: ignore[misc]
    region = models.CharField("行政区划代码", max_length=6, blank=True, default="")
    card_bank = models.CharField("社保卡银行", max_length=200, blank=True, default="")
    card_account = SealedField("社保卡账号", blank=True, default="")
    card_hash = HashField("社保卡账号检索码", of="card_account", null=True)  # type: ignore[misc]
    card_tail = models.CharField("社保卡账号末四位", max_length=4, blank=True, default="")
    card_active = models.BooleanField("金融功能已激活", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "参保职工"
        constraints = [models.CheckConstraint(condition=Q(id_type__in=IdType.values), name="worker_id_type_known")]
        indexes = [
            models.Index(fields=["card_hash"], condition=Q(card_hash__isnull=False), name="worker_card"),
            models.Index(fields=["phone_hash"], condition=Q(phone_hash__isnull=False), name="worker_phone"),
        ]

    def __str__(self) -> str:
        return self.name


class WorkerInsurance(models.Model):
    """Months, both inclusive, in which a person was insured by a unit and paid for."""

    id_hash = HashField("证件号码检索码")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    period_from = models.CharField("起始期", max_length=7)
    period_to = models.CharField("截止期", max_length=7)

    class Meta:
        verbose_name = verbose_name_plural = "职工参保记录"
        constraints = [
            models.UniqueConstraint(fields=["id_hash", "uscc", "period_from"], name="worker_insurance_once"),
            models.CheckConstraint(condition=Q(period_to__gte=F("period_from")), name="worker_insurance_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.period_from}–{self.period_to}"


class BenefitSpell(models.Model):
    """Months, both inclusive, in which a person received unemployment benefit."""

    id_hash = HashField("证件号码检索码")
    period_from = models.CharField("起始期", max_length=7)
    period_to = models.CharField("截止期", max_length=7)

    class Meta:
        verbose_name = verbose_name_plural = "领取失业保险金记录"
        constraints = [
            models.UniqueConstraint(fields=["id_hash", "period_from"], name="benefit_spell_once"),
            models.CheckConstraint(condition=Q(period_to__gte=F("period_from")), name="benefit_spell_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.period_from}–{self.period_to}"


class Certificate(models.Model):
    """A vocational certificate of a person."""

    cert_no = models.CharField("证书编号", max_length=60, unique=True)
    id_hash = HashField("证件号码检索码")
    cert_type = models.CharField("证书类型", max_length=24, choices=CertificateType.choices, blank=True, default="")
    occupation_code = models.CharField("职业编码", max_length=40)
    occupation = models.CharField("职业/工种", max_length=100, blank=True, default="")
    level = models.SmallIntegerField("等级")
    issued_on = models.DateField("发证日期")
    issuer = models.CharField("评价机构", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "技能证书"
        indexes = [
            models.Index(fields=["id_hash"], name="certificate_person"),
            models.Index(fields=["issued_on", "issuer"], name="certificate_issued"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(level__range=(1, 5)), name="certificate_level_1_to_5"),
            models.CheckConstraint(
                condition=Q(cert_type__in=["", *CertificateType.values]), name="certificate_type_known"
            ),
        ]

    def __str__(self) -> str:
        return self.cert_no


class TrainingSubsidy(models.Model):
    """A training subsidy that was paid for a person's occupation and level. (J3.2)"""

    id_hash = HashField("证件号码检索码")
    occupation_code = models.CharField("职业编码", max_length=40)
    level = models.SmallIntegerField("等级")
    paid_on = models.DateField("发放日期")
    amount = models.DecimalField("补贴金额", max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = "职业培训补贴"
        constraints = [
            models.UniqueConstraint(
                fields=["id_hash", "occupation_code", "level", "paid_on"], name="training_subsidy_once"
            ),
            models.CheckConstraint(condition=Q(level__range=(1, 5)), name="training_subsidy_level_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.occupation_code} {self.level} {self.paid_on}"
