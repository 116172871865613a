"""The finance bureau's forms: written once and numbered, lists made anew, with capitals, page numbers and places for seals."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.models import Document, Run
from caseworks.money import batches, finance_forms
from caseworks.money.models import Batch, Payment
from tests.money.conftest import AT, LATER, ON, Cases, Staff
from tests.money.test_pages import page, words


def text_of(pdf: bytes, folder: Path) -> str:
    """What the pages say, spaces aside."""
    path = folder / "paper.pdf"
    path.write_bytes(pdf)
    told = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
    return "".join(told.split())


def released(cases: Cases, staff: Staff, *numbers: int) -> Batch:
    (batch,) = cases.draw_up(cases.some(*numbers))
    return batches.release(batch, by=staff.second, at=AT)


def test_the_application_is_written_once_with_its_number(cases: Cases, staff: Staff, tmp_path: Path) -> None:
    (batch,) = cases.draw_up(cases.some(1, 2))
    with pytest.raises(Refusal, match="没有出具财务表单。请先由另一人放行"):
        finance_forms.apply(batch, by=staff.cashier, at=AT)
    batches.release(batch, by=staff.second, at=AT)
    with pytest.raises(Refusal, match="财务表单的权限"):
        finance_forms.apply(batch, by=staff.clerk, at=AT)
    document = finance_forms.apply(batch, by=staff.cashier, at=AT)
    assert finance_forms.apply(batch, by=staff.second, at=LATER) == document
    assert Document.objects.count() == 1
    assert (document.kind, document.subject, document.serial) == ("fund_application", batch.batch_no, 1)
    said = text_of(files.content_of(document.file), tmp_path)
    for part in (
        "2024年度稳岗返还资金拨付申请表", document.number, batch.batch_no, "203.00元", "贰佰零叁元整", "失业保险基金",
        "备付期限24.0000个月", "财政部门（盖章处）", "二〇二四年七月九日", "—1—",
    ):  # fmt: skip
        assert part in said, part
    assert Payment.objects.all()[0].account_no not in said


def test_the_list_names_accounts_and_is_made_anew(cases: Cases, staff: Staff, tmp_path: Path) -> None:
    batch = released(cases, staff, 1, 2)
    said = text_of(finance_forms.render_list(batch, by=staff.cashier, at=AT), tmp_path)
    for row in Payment.objects.all():
        assert row.account_no in said
        assert row.payment_no in said
    assert "合计2笔203.00" in said
    assert "合计人民币（大写）：贰佰零叁元整" in said
    assert "第1页，共1页" in said
    book = BytesIO()
    assert finance_forms.write_list(batch, book, by=staff.cashier) == 2
    rows = list(load_workbook(book).active.values)
    assert rows[0] == finance_forms.HEADER
    assert rows[1][4] == Payment.objects.order_by("pk")[0].account_no
    assert rows[-1] == ("合计", None, "2 笔", "贰佰零叁元整", None, None, None, 203)


def test_a_long_list_says_where_the_rest_is(
    cases: Cases, staff: Staff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = released(cases, staff, 1, 2, 3)
    monkeypatch.setattr(finance_forms, "IN_LIST", 2)
    said = text_of(finance_forms.render_list(batch, by=staff.cashier, at=AT), tmp_path)
    assert "本表列前2笔，全部3笔见电子表格" in said
    assert Payment.objects.order_by("pk")[2].payment_no not in said


@pytest.mark.django_db(transaction=True)
def test_the_forms_on_the_page_and_on_record(cases: Cases, staff: Staff) -> None:
    batch = released(cases, staff, 1)
    cashier, clerk = page(staff.cashier), page(staff.clerk)
    detail = reverse("money:batch_detail", args=[batch.pk])
    assert "出具资金拨付申请表" in words(cashier, detail)
    assert cashier.get(reverse("money:application_pdf", args=[batch.pk])).status_code == 404
    assert "资金拨付申请表：长春市南关区〔" in words(cashier, reverse("money:application_make", args=[batch.pk]), {})
    pdf = clerk.get(reverse("money:application_pdf", args=[batch.pk]))
    assert (pdf.status_code, pdf["Content-Type"]) == (200, "application/pdf")
    scan = {"file": SimpleUploadedFile("盖章.pdf", b"%PDF-1.4 sealed")}
    assert "盖章扫描件已保存" in words(cashier, reverse("money:application_sealed", args=[batch.pk]), scan)
    assert clerk.get(reverse("money:application_pdf", args=[batch.pk]) + "?sealed=1").content == b"%PDF-1.4 sealed"
    assert clerk.get(reverse("money:application_pdf", args=[batch.pk]) + "?sealed=2").status_code == 404
    for name in ("application_xlsx", "batch_list_xlsx", "batch_list_pdf"):
        assert clerk.get(reverse(f"money:{name}", args=[batch.pk])).status_code == 403
        answer = cashier.get(reverse(f"money:{name}", args=[batch.pk]))
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "private, no-store"
        answer.close()
    taken = Run.objects.filter(kind="export").order_by("pk").values_list("title", "state")
    assert list(taken) == [
        (f"资金拨付申请表 {batch.batch_no}", "done"),
        (f"资金拨付明细表 {batch.batch_no}", "done"),
        (f"资金拨付明细表 {batch.batch_no}", "done"),
    ]
    assert ON.year == 2024
