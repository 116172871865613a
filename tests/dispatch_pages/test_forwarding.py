"""From the bank's credit to proof or recovery, on the pages: the agency, a clerk, a supervisor (J2.7–J2.9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from caseworks.cases.models import Bar
from caseworks.money.models import Payment
from dispatch.models import Obligation, Voucher
from tests.dispatch_pages.conftest import AGENCY, SAMPLE, as_user, words
from tests.refunds.conftest import load

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture
def credited(agencies: Path, tmp_path: Path) -> Iterator[Path]:
    """The agency's money is on its account since 2024-07-01: deadline 2024-08-12; today is 2024-07-10."""
    load(SAMPLE, "accounts", "fund")
    call_command(
        "submit_dispatch", AGENCY, "2024", "--roster", str(agencies / f"roster_{AGENCY}.csv"), "--on", "2024-06-03"
    )
    call_command("rehearse", "2024", "--scheme", "dispatch")
    file = tmp_path / "bank.csv"
    number = Payment.objects.get(scheme="dispatch").payment_no
    file.write_text(f"payment_no,result,on,reason\n{number},paid,2024-07-01,\n", encoding="utf-8")
    call_command("import_bank_results", str(file))
    call_command("enforce_deadlines", "--as-of", "2024-07-02")
    with time_machine.travel(dt.datetime(2024, 7, 10, 2, 0, tzinfo=dt.UTC), tick=True):
        yield tmp_path


def receipt(number: str, amount: str, paid_on: str = "2024-07-09", content: bytes = PDF) -> dict[str, object]:
    file = SimpleUploadedFile(f"{number}.pdf", content + number.encode())
    return {"file": file, "amount": amount, "paid_on": paid_on, "receipt_no": number}


def part() -> Obligation:
    return Obligation.objects.get(host_uscc="31222403XNXULTU14M")


def test_a_receipt_is_uploaded_checked_beside_its_document_and_settles_the_part(credited: Path) -> None:
    agency, clerk = as_user("agency"), as_user("training-clerk")
    home = words(agency, reverse("portal:home"))
    assert "转付 2 个用工单位共 1,677.23 元" in home
    assert "还有 23 个工作日" in home
    page = reverse("dispatch_portal:obligation", args=[part().pk])
    assert "凭证没有提交，未作任何更改：金额超过该份额尚未转付的 840.05 元" in words(
        agency, page, receipt("SL1", "840.06"), status=422
    )
    script = receipt("SL1", "840.05", content=b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert "不是可用的 PDF、JPG 或 PNG 文件" in words(agency, page, script, status=422)
    assert "凭证已提交" in words(agency, page, receipt("SL1", "500.00"))
    assert "还差 840.05 元" in words(agency, page)
    assert "该回单号已使用过" in words(agency, page, receipt("SL1", "340.05"), status=422)

    assert "SL1" in words(clerk, reverse("dispatch:voucher_list"))
    voucher = Voucher.objects.get()
    seen = words(clerk, reverse("dispatch:voucher_detail", args=[voucher.pk]))
    assert "500.00 元" in seen
    file = clerk.get(reverse("dispatch:voucher_file", args=[voucher.pk]))
    assert (file.status_code, file["X-Content-Type-Options"], file["Content-Type"]) == (
        200,
        "nosniff",
        "application/pdf",
    )
    decide = reverse("dispatch:voucher_decide", args=[voucher.pk])
    assert "不通过须写明原因" in words(clerk, decide, {"decision": "rejected"})
    assert "凭证 SL1 已核实" in words(clerk, decide, {"decision": "verified"})
    words(agency, page, receipt("SL2", "340.05"))
    second = Voucher.objects.get(receipt_no="SL2")
    words(clerk, reverse("dispatch:voucher_decide", args=[second.pk]), {"decision": "verified"})
    assert (part().status, str(part().verified)) == ("settled", "840.05")


def test_money_given_back_is_booked_and_a_deadline_extended_once(credited: Path) -> None:
    clerk, supervisor = as_user("training-clerk"), as_user("training-supervisor")
    detail = reverse("dispatch:obligation_detail", args=[part().pk])
    assert "登记退回" in words(clerk, detail)
    given = {"amount": "840.06", "returned_on": "2024-07-09", "bank_ref": "TH1"}
    back = reverse("dispatch:obligation_return", args=[part().pk])
    assert "退回没有登记，未作任何更改" in words(clerk, back, given)
    assert "已登记退回 40.05 元" in words(clerk, back, given | {"amount": "40.05"})
    assert str(part().returned) == "40.05"
    extend = reverse("dispatch:obligation_extend", args=[part().pk])
    assert clerk.post(extend, {"until": "2024-09-02", "reason": "示例"}).status_code == 403
    assert "期限已延至 2024-09-02" in words(supervisor, extend, {"until": "2024-09-02", "reason": "银行系统故障"})
    assert "已延期一次" in words(supervisor, extend, {"until": "2024-10-08", "reason": "再延"})
    assert "原期限 2024-08-12" in words(supervisor, detail)


def test_what_was_not_forwarded_is_claimed_back_and_a_supervisor_decides(credited: Path) -> None:
    with time_machine.travel(dt.datetime(2024, 8, 13, 2, 0, tzinfo=dt.UTC), tick=True):
        agency, supervisor, clerk = as_user("agency"), as_user("training-supervisor"), as_user("training-clerk")
        call_command("enforce_deadlines", "--as-of", "2024-08-13")
        bar = Bar.objects.get()
        assert "责令退回" in words(agency, reverse("dispatch_portal:obligation", args=[part().pk]))
        home = words(agency, reverse("portal:home"))
        assert "拟取消 2025 年度申领资格" in home
        answer = reverse("dispatch_portal:bar_answer", args=[bar.pk])
        assert "申辩已提交" in words(agency, answer, {"text": "银行账户被冻结，示例。"})
        listed = words(clerk, reverse("dispatch:bar_list"))
        assert "拟取消资格" in listed
        decide = reverse("dispatch:bar_decide", args=[bar.pk])
        assert clerk.post(decide, {"action": "confirm"}).status_code == 403
        detail = words(supervisor, reverse("dispatch:bar_detail", args=[bar.pk]))
        assert "银行账户被冻结，示例。" in detail
        assert "1,677.23 元" in detail
        confirm = {"action": "confirm", "decision_no": "示例人社决〔2024〕1号", "delivered_on": "2024-08-13"}
        assert "已查实：取消 2025 年度申领资格" in words(supervisor, decide, confirm)
    bar.refresh_from_db()
    assert (bar.status, bar.decision_no) == ("confirmed", "示例人社决〔2024〕1号")


def test_a_bar_may_be_revoked_with_a_reason(credited: Path) -> None:
    with time_machine.travel(dt.datetime(2024, 8, 13, 2, 0, tzinfo=dt.UTC), tick=True):
        supervisor = as_user("training-supervisor")
        call_command("enforce_deadlines", "--as-of", "2024-08-13")
        bar = Bar.objects.get()
        decide = reverse("dispatch:bar_decide", args=[bar.pk])
        assert "请写明撤销理由，未作任何更改" in words(supervisor, decide, {"action": "revoke", "code": "bank_error"})
        given = {"action": "revoke", "code": "bank_error", "words": "银行晚报到账", "strike_off": "on"}
        assert "已撤销" in words(supervisor, decide, given)
    bar.refresh_from_db()
    assert (bar.status, part().status) == ("revoked", "excused")


def test_nobody_reaches_the_parts_receipts_and_bars_of_another_agency(credited: Path) -> None:
    agency, other = as_user("agency"), as_user("other")
    words(agency, reverse("dispatch_portal:obligation", args=[part().pk]), receipt("SL1", "1.00"))
    call_command("enforce_deadlines", "--as-of", "2024-08-13")
    voucher, bar = Voucher.objects.get(), Bar.objects.get()
    addresses = [
        reverse("dispatch_portal:obligation", args=[part().pk]),
        reverse("dispatch_portal:voucher_file", args=[voucher.pk]),
        reverse("dispatch_portal:bar", args=[bar.pk]),
    ]
    assert [agency.get(url).status_code for url in addresses] == [200, 200, 200]
    assert [other.get(url).status_code for url in addresses] == [404, 404, 404]
    assert other.post(reverse("dispatch_portal:bar_answer", args=[bar.pk]), {"text": "x"}).status_code == 404
    assert other.post(addresses[0], receipt("SL9", "1.00")).status_code == 404
    for name, key in (("obligation_detail", part().pk), ("voucher_detail", voucher.pk), ("voucher_file", voucher.pk)):
        assert agency.get(reverse(f"dispatch:{name}", args=[key])).status_code == 403
