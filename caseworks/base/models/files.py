"""Files that were handed in or made: what they are stands in the database, their content outside the web root."""

from __future__ import annotations

import pgtrigger
from django.db import models


class StoredFile(models.Model):
    """One file, kept for good: evidence, a voucher, a sealed scan, a paper of ours. (`caseworks.base.files`)"""

    name = models.CharField("文件名", max_length=200)
    type = models.CharField("类型", max_length=100)
    size = models.PositiveBigIntegerField("大小（字节）")
    sha256 = models.CharField("摘要", max_length=64)
    path = models.CharField("存放位置", max_length=200)
    made_by_label = models.CharField("提交人", max_length=200)
    made_at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = verbose_name_plural = "文件"
        indexes = [models.Index(fields=["sha256"], name="storedfile_digest")]
        constraints = [
            models.CheckConstraint(condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="storedfile_has_a_digest"),
            models.CheckConstraint(condition=~models.Q(made_by_label=""), name="storedfile_has_a_maker"),
        ]
        triggers = [pgtrigger.Protect(name="storedfile_kept", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.name
