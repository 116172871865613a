"""Papers with a number: written, numbered without gaps and kept; their sealed scans.

    document = papers.issue("refund_decision", issuer=office.name, year=2024, title="…", template=TEMPLATE, data={…},
                            at=at, label=by.label, office_id=…, city_office_id=…, subject=uscc, case_id=case.pk)

A template of a room is Typst and begins with

    #import "/caseworks/base/documents/papers/_letter.typ": *
    #show: letter

after which `data` has what was given, with `title`, `number`, `issuer` and `dated` (in Chinese figures) beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from caseworks.base import files
from caseworks.base.documents import numbers
from caseworks.base.documents.rendering import chinese_date, render
from caseworks.base.enums import DocumentKind
from caseworks.base.errors import Refusal
from caseworks.base.files import SCANS, Accepted
from caseworks.base.models import Document, SealedScan


def issue(
    kind: str,
    *,
    issuer: str,
    year: int,
    title: str,
    template: Path,
    data: Mapping[str, Any],
    at: datetime,
    label: str,
    office_id: int,
    city_office_id: int,
    subject: str = "",
    name: str = "",
    case_id: int | None = None,
    on: date | None = None,
) -> Document:
    """A new document; joins the caller's transaction, and what is rolled back gives its number back.

    `on` is the day it is dated (default: the day of `at`). The series is locked from here to the end of the
    transaction: issue last, and only for the papers asked for.
    """
    dated = on or timezone.localdate(at)
    with transaction.atomic():
        number = numbers.issue(issuer, year)
        said = {**data, "title": title, "number": str(number), "issuer": issuer, "dated": chinese_date(dated)}
        pages = render(template, said, at=at)
        file = files.store(files.made(pages, f"{title}（{number}）.pdf"), label=label, at=at)
        return Document.objects.create(
            kind=DocumentKind(kind).value,
            issuer=issuer,
            year=year,
            serial=number.serial,
            title=title,
            dated=dated,
            office=office_id,
            city_office=city_office_id,
            subject=subject,
            name=name,
            case=case_id,
            data=said,
            file=file,
            made_by_label=label,
            made_at=at,
        )


def attach_sealed(document: Document, accepted: Accepted, *, label: str, at: datetime, note: str = "") -> SealedScan:
    """Add the scan of a document under seal (a PDF or a picture); the same scan twice is refused."""
    if accepted.type not in SCANS:
        raise Refusal("盖章扫描件须为 PDF、JPG 或 PNG 文件，没有保存。请换一个文件。")
    try:
        with transaction.atomic():
            file = files.store(accepted, label=label, at=at)
            return SealedScan.objects.create(
                document=document,
                file=file,
                sha256=accepted.sha256,
                note=note.strip()[:200],
                made_by_label=label,
                made_at=at,
            )
    except IntegrityError as error:
        if "sealedscan_once" in str(error):
            raise Refusal(f"{document.number} 已有同一个扫描件，没有重复保存。") from error
        raise
