"""Bank accounts of units: an import proposes a change, another person confirms it. (N5.1, N5.2)"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from caseworks.base.enums import AccountKind
from caseworks.base.sealed import HashField, SealedField
from caseworks.registry.enums import AccountStatus


class AccountQuerySet(models.QuerySet["Account"]):
    """Words about accounts."""

    def current(self) -> AccountQuerySet:
        """The account in use of each unit and kind."""
        return self.filter(status=AccountStatus.CURRENT)

    def waiting(self) -> AccountQuerySet:
        """Changed accounts that another person has yet to confirm."""
        return self.filter(status=AccountStatus.PROPOSED)


class Account(models.Model):
    """One bank account of a unit, as it was handed in; never overwritten, only superseded."""

    uscc = models.CharField("统一社会信用代码", max_length=18)
    kind = models.CharField("账户类型", max_length=10, choices=AccountKind.choices)
    bank_name = models.CharField("开户银行", max_length=200, blank=True, default="")
    bank_code = models.CharField("联行号", max_length=40, blank=True, default="")
    account_no = SealedField("银行账号")
    account_hash = HashField("银行账号检索码", of="account_no")
    account_tail = models.CharField("账号末四位", max_length=4)
    account_name = models.CharField("户名", max_length=200)
    source = models.CharField("来源", max_length=200, blank=True, default="")
    status = models.CharField("状态", max_length=10, choices=AccountStatus.choices)
    proposed_at = models.DateTimeField("提出时间")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="提出人", null=True, blank=True, related_name="+"
    )
    proposed_label = models.CharField("提出人（记录）", max_length=200)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="决定人", null=True, blank=True, related_name="+"
    )
    decided_label = models.CharField("决定人（记录）", max_length=200, blank=True, default="")
    refused_because = models.CharField("退回理由", max_length=300, blank=True, default="")

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "银行账户"
        indexes = [models.Index(fields=["status", "uscc", "kind"], name="account_status_uscc")]
        constraints = [
            models.UniqueConstraint(
                fields=["uscc", "kind"], condition=Q(status=AccountStatus.CURRENT), name="account_one_current"
            ),
            models.UniqueConstraint(
                fields=["uscc", "kind"], condition=Q(status=AccountStatus.PROPOSED), name="account_one_proposed"
            ),
            models.CheckConstraint(condition=Q(kind__in=AccountKind.values), name="account_kind_known"),
            models.CheckConstraint(condition=Q(status__in=AccountStatus.values), name="account_status_known"),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=True)
                | Q(confirmed_by__isnull=True)
                | ~Q(confirmed_by=F("proposed_by")),
                name="account_decided_by_another_person",
            ),
            models.CheckConstraint(
                condition=~Q(status=AccountStatus.REFUSED) | ~Q(refused_because=""), name="account_refused_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} **** {self.account_tail}"
