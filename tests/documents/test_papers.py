"""Papers: numbered without gaps, kept as they went out, their sealed scans beside them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction

from caseworks.base import files
from caseworks.base.documents import papers
from caseworks.base.errors import Refusal
from caseworks.base.models import Document, SealedScan, StoredFile

pytestmark = pytest.mark.django_db
AT = dt.datetime(2024, 7, 12, 1, 0, 0, 123456, tzinfo=dt.UTC)
TEMPLATE = Path(__file__).parent / "paper.typ"
DATA = {
    "name": "测试单位#strong[有限]公司",
    "paragraphs": ["第一段。", "第二段。"],
    "facts": [["返还金额", "1,234.50 元"]],
    "header": ["序号", "金额"],
    "rows": [["1", "1,234.50"]],
}


def issued(issuer: str = "测试市社保局", year: int = 2024, **more: object) -> Document:
    given = {
        "kind": "refund_decision",
        "title": "核定通知",
        "template": TEMPLATE,
        "data": DATA,
        "at": AT,
        "label": "clerk",
    }
    where = {"office_id": 1, "city_office_id": 1, "subject": "91220102XNQNQPW14U", "case_id": 7}
    return papers.issue(issuer=issuer, year=year, **{**given, **where, **more})  # type: ignore[arg-type]


def test_a_paper_keeps_what_it_was_given_and_its_pages() -> None:
    document = issued(data={**DATA, "amount": Decimal("1234.50")})
    assert (document.number, document.dated, document.case) == ("测试市社保局〔2024〕1号", dt.date(2024, 7, 12), 7)
    assert document.data["dated"] == "二〇二四年七月十二日"
    assert document.data["name"] == "测试单位#strong[有限]公司"  # never read as markup
    assert Document.objects.get().data["amount"] == "1234.50"
    assert files.content_of(document.file).startswith(b"%PDF")
    assert document.file.name == "核定通知（测试市社保局〔2024〕1号）.pdf"


def test_numbers_have_no_gaps_by_office_and_year() -> None:
    first = issued()
    with transaction.atomic():
        issued()
        transaction.set_rollback(True)
    assert [issued().serial, issued("别市社保局").serial, issued(year=2025).serial] == [2, 1, 1]
    assert Document.objects.get(pk=first.pk).serial == 1


def test_a_paper_that_cannot_be_set_takes_no_number() -> None:
    with pytest.raises(Exception, match="No such file"):
        issued(template=TEMPLATE.with_name("missing.typ"))
    assert (issued().serial, StoredFile.objects.count()) == (1, 1)


def test_a_paper_is_never_changed() -> None:
    document = issued()
    with pytest.raises(DatabaseError), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(title="别的")
    with pytest.raises(DatabaseError), transaction.atomic():
        Document.objects.filter(pk=document.pk).delete()


def test_sealed_scans_stand_beside_the_paper_each_once() -> None:
    document = issued()
    accepted = files.accept(ContentFile(b"%PDF-1.7 scan", name="盖章.pdf"), files.SCANS)
    papers.attach_sealed(document, accepted, label="clerk", at=AT, note="公章")
    with pytest.raises(Refusal, match="已有同一个扫描件，没有重复保存"):
        papers.attach_sealed(document, accepted, label="clerk", at=AT)
    papers.attach_sealed(document, files.made(b"%PDF-1.7 better", "重扫.pdf"), label="clerk", at=AT)
    assert [scan.file.name for scan in document.scans.order_by("pk")] == ["盖章.pdf", "重扫.pdf"]
    assert StoredFile.objects.count() == 3
    with pytest.raises(Refusal, match="须为 PDF、JPG 或 PNG"):
        papers.attach_sealed(document, files.made(b"x", "x.xlsx", files.XLSX), label="clerk", at=AT)
    with pytest.raises(DatabaseError), transaction.atomic():
        SealedScan.objects.all().delete()
