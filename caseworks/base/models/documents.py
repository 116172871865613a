"""Documents and their numbers."""

from __future__ import annotations

from django.db import models


class DocumentSeries(models.Model):
    """The last document number of an issuer in a year; `base.documents.numbers` counts it up without gaps."""

    issuer = models.CharField("发文机构", max_length=60)
    year = models.PositiveSmallIntegerField("年份")
    last = models.PositiveIntegerField("末号")

    class Meta:
        verbose_name = verbose_name_plural = "文号"
        constraints = [models.UniqueConstraint(fields=["issuer", "year"], name="documentseries_once_a_year")]

    def __str__(self) -> str:
        return f"{self.issuer}〔{self.year}〕{self.last}号"
