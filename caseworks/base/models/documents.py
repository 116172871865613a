"""Documents, their numbers and their sealed scans."""

from __future__ import annotations

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from caseworks.base.enums import DocumentKind
from caseworks.base.models.files import StoredFile


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


class Document(models.Model):
    """A paper with a number: written once, kept as it went out; its sealed scans are added. (`documents.papers`)

    `office`, `city_office` and `case` are keys of rooms to the left, by number only; `subject` is a USCC, or the keyed
    hash of a person's number.
    """

    kind = models.CharField("种类", max_length=40)
    issuer = models.CharField("发文机构", max_length=60)
    year = models.PositiveSmallIntegerField("年份")
    serial = models.PositiveIntegerField("序号")
    title = models.CharField("标题", max_length=200)
    dated = models.DateField("成文日期")
    office = models.BigIntegerField("经办机构", db_column="office_id")
    city_office = models.BigIntegerField("所属市级机构", db_column="city_office_id")
    subject = models.CharField("对象", max_length=64, blank=True, default="")
    name = models.CharField("对象名称", max_length=200, blank=True, default="")
    case = models.BigIntegerField("业务件", db_column="case_id", null=True, blank=True)
    data = models.JSONField("内容", encoder=DjangoJSONEncoder)
    file = models.ForeignKey(StoredFile, models.PROTECT, verbose_name="文件", related_name="+")
    made_by_label = models.CharField("制作人", max_length=200)
    made_at = models.DateTimeField("制作时间")

    class Meta:
        verbose_name = verbose_name_plural = "文书"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "year", "serial"], name="document_number_once"),
            models.CheckConstraint(condition=Q(serial__gt=0), name="document_number_counts_from_one"),
        ]
        indexes = [
            models.Index(fields=["city_office", "-id"], name="document_of_city"),
            models.Index(fields=["office", "-id"], name="document_of_office"),
            models.Index(fields=["subject", "-id"], name="document_of_subject"),
            models.Index(fields=["case"], name="document_of_case", condition=Q(case__isnull=False)),
        ]
        triggers = [pgtrigger.Protect(name="document_kept", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.title}（{self.number}）"

    @property
    def number(self) -> str:
        """发文机构〔2024〕3号."""
        return f"{self.issuer}〔{self.year}〕{self.serial}号"

    @property
    def kind_label(self) -> str:
        """The kind in words."""
        return str(DocumentKind(self.kind).label) if self.kind in DocumentKind.values else self.kind


class SealedScan(models.Model):
    """A scan of a document under seal; another one is added beside it, never put in its place."""

    document = models.ForeignKey(Document, models.PROTECT, verbose_name="文书", related_name="scans")
    file = models.ForeignKey(StoredFile, models.PROTECT, verbose_name="扫描件", related_name="+")
    sha256 = models.CharField("摘要", max_length=64)
    note = models.CharField("说明", max_length=200, blank=True, default="")
    made_by_label = models.CharField("上传人", max_length=200)
    made_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = verbose_name_plural = "盖章扫描件"
        constraints = [models.UniqueConstraint(fields=["document", "sha256"], name="sealedscan_once")]
        triggers = [pgtrigger.Protect(name="sealedscan_kept", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.document} {self.file}"
