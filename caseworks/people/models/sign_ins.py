"""The sign-in log."""

from __future__ import annotations

import pgtrigger
from django.db import models

from caseworks.people.enums import SignInOutcome
from caseworks.people.models.persons import Person


class SignIn(models.Model):
    """Who signed in or tried to, when and from where; never changed or removed."""

    person = models.ForeignKey(
        Person, models.PROTECT, verbose_name="人员", null=True, blank=True, related_name="sign_ins"
    )
    username = models.CharField("用户名", max_length=150)
    outcome = models.CharField("结果", max_length=20, choices=SignInOutcome.choices)
    address = models.GenericIPAddressField("来源地址", null=True, blank=True)
    at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录日志"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["person", "-at"], name="sign_in_person_at")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.username} {self.get_outcome_display()} {self.at:%Y-%m-%d %H:%M}"
