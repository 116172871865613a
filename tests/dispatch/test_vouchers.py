"""Vouchers: a receipt and a file count once, ever; decided once; above the band by two (contract 3)."""

from __future__ import annotations

import csv
import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from caseworks.base.errors import Refusal
from caseworks.base.files import PDF, Accepted
from caseworks.people.actors import Actor
from dispatch import decisions, obligations, vouchers
from dispatch.decisions import Opinion
from dispatch.models import FundReturn, Obligation, Voucher
from tests.dispatch.agencies import AT, CLOCK, HOSTS, Paid, day, offences
from tests.money.conftest import Staff, bureau, staff
from tests.people.builders import person, unit_user

__all__ = ["bureau", "staff"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency(staff: Staff, tmp_path: Path) -> Paid:
    return Paid(staff, tmp_path, hosts=2).credited()


@pytest.fixture
def other(staff: Staff, tmp_path: Path) -> Paid:
    return Paid(staff, tmp_path, number=2).credited()


def words(outcome: vouchers.Outcome) -> list[tuple[str, str]]:
    return [(problem.column, problem.reason) for problem in outcome.refused]


def scan(text: str) -> Accepted:
    content = b"%PDF-1.7 " + text.encode()
    return Accepted(content, f"{text}.pdf", PDF, hashlib.sha256(content).hexdigest())


USED = [("receipt_no", "该回单号已使用过，每个回单号只能使用一次")]


def test_a_receipt_number_is_used_once_ever(agency: Paid, other: Paid) -> None:
    assert agency.voucher("50.00", "07-10", receipt="SL1").stored
    assert agency.voucher("50.00", "07-10", receipt="SL1").unchanged == 1
    assert words(agency.voucher("40.00", "07-10", receipt="SL1")) == USED
    assert words(agency.voucher("50.00", "07-10", host=1, receipt="SL1")) == USED
    assert words(other.voucher("50.00", "07-10", receipt="SL1")) == USED
    agency.decide("verified", "07-11")
    assert words(agency.voucher("40.00", "07-10", receipt="SL1")) == USED


def test_a_refused_row_uses_no_number(agency: Paid) -> None:
    assert words(agency.voucher("100.01", "07-10", receipt="SL1")) == [("amount", "金额超过该份额尚未转付的 100.00 元")]
    assert agency.voucher("100.00", "07-10", receipt="SL1").stored


def test_a_rejected_voucher_frees_its_number_for_the_same_part_only(agency: Paid, other: Paid) -> None:
    agency.voucher("50.00", "07-10", receipt="SL1")
    agency.decide("rejected", "07-11")
    assert words(agency.voucher("50.00", "07-10", host=1, receipt="SL1")) == USED
    assert words(other.voucher("50.00", "07-10", receipt="SL1")) == USED
    assert agency.voucher("50.00", "07-10", receipt="SL1").unchanged == 1
    assert agency.voucher("50.01", "07-10", receipt="SL1").stored


def test_a_forged_one_frees_nothing(agency: Paid) -> None:
    agency.voucher("50.00", "07-10", receipt="SL1")
    agency.decide("rejected", "07-11", "forged")
    assert words(agency.voucher("50.01", "07-10", receipt="SL1")) == USED
    assert agency.voucher("50.00", "07-10", receipt="SL1").unchanged == 1


def test_a_file_counts_once_ever(agency: Paid, other: Paid) -> None:
    assert agency.voucher("50.00", "07-10", file=scan("one")).stored
    again = [("file", "该凭证文件已提交过，每个文件只能使用一次")]
    assert words(agency.voucher("20.00", "07-11", file=scan("one"))) == again
    assert words(other.voucher("20.00", "07-11", file=scan("one"))) == again
    agency.decide("rejected", "07-12")
    assert words(other.voucher("20.00", "07-11", file=scan("one"))) == again
    assert agency.voucher("20.00", "07-11", file=scan("one")).stored


def test_the_database_holds_it_against_any_writer(agency: Paid, other: Paid) -> None:
    agency.voucher("50.00", "07-10", receipt="SL1")
    agency.decide("rejected", "07-11")
    other.voucher("50.00", "07-10", receipt="SL2")
    row = Voucher.objects.get(receipt_no="SL2")
    row.pk, row.receipt_no = None, "SL1"
    with pytest.raises(IntegrityError, match="voucher_once_ever"), transaction.atomic():
        row.save()
    with pytest.raises(Exception, match="voucher_decided_once"), transaction.atomic():
        Voucher.objects.filter(receipt_no="SL1").update(status="pending", decided_at=None)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (HOSTS[3], "申请中没有该用工单位的份额"),
        ("91220104XN8N8LK242", "申请中没有该用工单位的份额"),
    ],
)
def test_a_host_without_a_part(agency: Paid, host: str, expected: str) -> None:
    given = vouchers.Given(agency.unit.uscc, 2024, host, Decimal("1.00"), day("07-10"), "SL9")
    assert words(vouchers.take([given], by=CLOCK, at=AT, channel=vouchers.Channel.COMMAND)) == [("host_uscc", expected)]


def test_before_the_credit_there_is_no_part(staff: Staff, tmp_path: Path) -> None:
    waiting = Paid(staff, tmp_path).apply()
    assert words(waiting.voucher("1.00", "07-10")) == [("host_uscc", "该份额的款项尚未到账，或已被银行退回")]


def test_a_decision_is_made_once(agency: Paid) -> None:
    agency.voucher("50.00", "07-10")
    assert agency.decide("verified", "07-11").status == "verified"
    assert agency.decide("verified", "07-11").status == "verified"
    for decision, on in (("verified", "07-12"), ("rejected", "07-11")):
        with pytest.raises(Refusal, match="不能再作另一决定"):
            agency.decide(decision, on)


def test_nobody_decides_on_an_own_voucher(agency: Paid) -> None:
    user = Actor.of_person(unit_user("agency-user", agency.unit.uscc))
    given = vouchers.Given(agency.unit.uscc, 2024, HOSTS[0], Decimal("1.00"), day("07-10"), "SL9", scan("x"))
    row = vouchers.submit(given, by=user, at=AT)
    with pytest.raises(Refusal):
        decisions.decide(row, Opinion("verified", day("07-11")), by=user, at=AT)
    stranger = Actor.of_person(unit_user("other-user", HOSTS[0]))
    with pytest.raises(Refusal, match="没有对"):
        vouchers.submit(given, by=stranger, at=AT)


@pytest.fixture
def band(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second person from 50 yuan up; the rows in force set no band."""
    monkeypatch.setattr(decisions._Bands, "of", lambda self, voucher: Decimal("50.00"))


def test_above_the_band_two_people_verify(agency: Paid, staff: Staff, band: None) -> None:
    agency.voucher("49.99", "07-10")
    assert agency.decide("verified", "07-11").status == "verified"
    agency.voucher("50.00", "07-10", host=1)
    first = agency.decide("verified", "07-11")
    assert (first.status, first.first_label) == ("pending", staff.clerk.label)
    assert agency.decide("verified", "07-11").status == "pending"
    with pytest.raises(Refusal, match="意见“已核实”不一致"):
        decisions.decide(first, Opinion("rejected", day("07-12"), "other"), by=staff.reviewer, at=AT)
    second = decisions.decide(first, Opinion("verified", day("07-12")), by=staff.reviewer, at=AT)
    assert (second.status, second.decided_label, second.decided_on) == ("verified", staff.reviewer.label, day("07-12"))


# -- files


def write(path: Path, header: str, *lines: str) -> Path:
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def errors(path: Path) -> list[tuple[str, str, str]]:
    with Path(f"{path}.errors.csv").open(encoding="utf-8-sig", newline="") as stream:
        return [(row["line"], row["column"], row["value"]) for row in csv.DictReader(stream)]


def test_a_file_of_vouchers_tells_its_bad_rows(agency: Paid, tmp_path: Path, capsys: Any) -> None:
    header = "派遣单位代码,年度,用工单位代码,金额,付款日期,回单号,凭证文件"
    uscc = agency.unit.uscc
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7 scan")
    (tmp_path / "scan.exe").write_bytes(b"MZ" + b"\0" * 300)
    path = write(
        tmp_path / "vouchers.csv", header,
        f"{uscc},2024,{HOSTS[0]},60.00,2024-07-10,SL1,scan.pdf",
        f"{uscc},2024,{HOSTS[0]},40.01,2024-07-10,SL2,",
        f"{uscc},2024,{HOSTS[0]},-1.00,2024-07-10,SL3,",
        f"{uscc},2024,{HOSTS[0]},0,2024-07-10,SL4,",
        f"{uscc},2024,{HOSTS[1]},10.00,2024-13-10,SL5,",
        f"{uscc},2024,{HOSTS[1]},10.00,2024-07-10,,",
        f"{uscc},2024,{HOSTS[1]},10.00,2024-07-10,SL6,scan.exe",
        f"{uscc},2024,{HOSTS[1]},10.00,2024-07-10,SL7,nowhere.pdf",
        f"{uscc},2024,{HOSTS[1]},10.00,2024-07-10,SL8,",
        "合计,,,,,,",
    )  # fmt: skip
    call_command("import_vouchers", str(path))
    assert "vouchers.csv: 9 read, 2 stored, 7 rejected, 0 unchanged" in capsys.readouterr().out
    assert errors(path) == [
        ("3", "amount", "40.01"), ("4", "amount", "-1.00"), ("5", "amount", "0"), ("6", "paid_on", "2024-13-10"),
        ("7", "receipt_no", ""), ("8", "file", "scan.exe"), ("9", "file", "nowhere.pdf"),
    ]  # fmt: skip
    assert Voucher.objects.get(receipt_no="SL1").file is not None


def test_decisions_by_command(agency: Paid, tmp_path: Path, capsys: Any) -> None:
    person("zhuanyuan", "clerk")
    agency.voucher("50.00", "07-10", receipt="SL1")
    header, uscc = "receipt_no,agency_uscc,decision,decided_on,reason", agency.unit.uscc
    path = write(
        tmp_path / "decisions.csv", header,
        f"SL1,{uscc},rejected,2024-07-11,收款人与用工单位不符", f"SL2,{uscc},verified,2024-07-11,",
        f"SL1,{HOSTS[0]},verified,2024-07-11,", f"SL1,{uscc},maybe,2024-07-11,",
    )  # fmt: skip
    call_command("decide_vouchers", str(path), "--by", "zhuanyuan")
    assert "decisions.csv: 4 read, 1 stored, 3 rejected, 0 unchanged" in capsys.readouterr().out
    row = Voucher.objects.get()
    assert (row.status, row.reason_code, row.decided_by and row.decided_by.username) == (
        "rejected", "wrong_payee", "zhuanyuan",
    )  # fmt: skip
    with pytest.raises(CommandError) as nobody:
        call_command("decide_vouchers", str(path), "--by", "nobody")
    assert nobody.value.returncode == 2


def test_a_return_is_known_by_its_reference(agency: Paid, tmp_path: Path, capsys: Any) -> None:
    person("zhuanyuan", "clerk")
    header = "agency_uscc,year,host_uscc,amount,returned_on,bank_ref,confirmed_on"
    uscc = agency.unit.uscc
    path = write(
        tmp_path / "returns.csv", header,
        f"{uscc},2024,{HOSTS[0]},60.00,2024-07-10,TH1,2024-07-11", f"{uscc},2024,{HOSTS[0]},60.00,2024-07-10,TH1,2024-07-11",
        f"{uscc},2024,{HOSTS[0]},40.00,2024-07-10,TH1,2024-07-11", f"{uscc},2024,{HOSTS[0]},40.01,2024-07-10,TH2,2024-07-11",
        f"{uscc},2024,{HOSTS[1]},10.00,2024-06-27,TH3,2024-07-11", f"{uscc},2024,{HOSTS[1]},10.00,2024-07-10,TH4,",
    )  # fmt: skip
    call_command("import_returns", str(path), "--by", "zhuanyuan")
    assert "returns.csv: 6 read, 1 stored, 4 rejected, 1 unchanged" in capsys.readouterr().out
    assert [line for line, _, _ in errors(path)] == ["4", "5", "6", "7"]
    assert FundReturn.objects.count() == 1


# -- the payment comes back


def test_a_returned_payment_closes_its_parts_and_the_next_opens_its_own(agency: Paid) -> None:
    agency.voucher("50.00", "07-10", receipt="SL1")
    agency.decide("verified", "07-11")
    payment = agency.case.payments.get()
    agency.bank(payment, "returned", day("07-15"))
    obligations.catch_up(by=CLOCK, at=AT)
    assert set(Obligation.objects.values_list("status", "closed_because")) == {("closed", "returned")}
    assert words(agency.voucher("10.00", "07-16")) == [("host_uscc", "该份额的款项尚未到账，或已被银行退回")]
    agency.sweep("08-10")
    assert not Obligation.objects.standing().exists()
    assert offences() == []
