"""From a finding to the money back: two people, papers with numbers, proof of delivery, the bank's own lines (N6.2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from caseworks.base.errors import Refusal
from caseworks.base.models import Document, Notice
from caseworks.books import checking
from caseworks.money import bank_results, claims, ledgers, recoveries, repayments
from caseworks.money.claims import Claim
from caseworks.money.enums import RecoveryKind, RecoveryOrigin
from caseworks.money.models import Recovery
from tests.money.conftest import AT, Cases, Results

PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
FOUND, DELIVERED = dt.date(2024, 8, 1), dt.date(2024, 8, 5)
DUE, LATE = dt.date(2024, 9, 4), dt.date(2024, 9, 5)


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def paid(cases: Cases, results: Results) -> Cases:
    """A unit that was paid 600.00."""
    cases.make(1, "600.00")
    (payment,) = cases.send(cases.by_number.values())
    bank_results.book(results(f"{payment.payment_no},paid,2024-07-10,"), by=cases.staff.cashier, at=AT)
    return cases


def claim(paid: Cases, amount: str = "200.00", **changes: Any) -> Recovery:
    given = {
        "scheme": "refunds", "year": 2024, "subject": paid.unit(1).uscc, "kind": RecoveryKind.OVERPAID,
        "origin": RecoveryOrigin.AUDIT, "amount": Decimal(amount), "reason": "审计发现虚报参保人数",
        "basis": "社会保险法第八十八条",
    }  # fmt: skip
    return claims.propose(Claim(**{**given, **changes}), by=paid.staff.clerk, at=AT, on=FOUND)


def confirmed(paid: Cases, amount: str = "200.00") -> Recovery:
    row = claim(paid, amount)
    return claims.confirm(row, by=paid.staff.approver, at=AT, on=FOUND)


def ordered(paid: Cases, amount: str = "200.00") -> Recovery:
    """Confirmed, ordered back, delivered."""
    row = confirmed(paid, amount)
    claims.order_back(row, by=paid.staff.clerk, at=AT, on=FOUND)
    proof = SimpleUploadedFile("回证.pdf", PDF)
    claims.deliver(
        row, how="直接送达", receiver="王某", proof=proof, by=paid.staff.clerk, at=AT, on=DELIVERED, today=DELIVERED
    )
    row.refresh_from_db()
    return row


def test_no_more_is_claimed_than_was_paid(paid: Cases) -> None:
    claim(paid, "400.00")
    with pytest.raises(Refusal, match=r"不超过 200.00 元（已拨付减已登记追回）"):
        claim(paid, "200.01")
    claim(paid, "600.00", kind=RecoveryKind.MISUSE)
    with pytest.raises(Refusal, match="在 2023 年度没有已到账的支付"):
        claim(paid, year=2023)
    with pytest.raises(Refusal, match="提出追回的权限"):
        claims.propose(
            Claim("refunds", 2024, paid.unit(1).uscc, RecoveryKind.OVERPAID, RecoveryOrigin.AUDIT, Decimal(1), "x", "y"),
            by=paid.staff.cashier, at=AT, on=FOUND,
        )  # fmt: skip


def test_from_the_notice_to_the_hand_over(paid: Cases) -> None:
    row, staff = confirmed(paid), paid.staff
    with pytest.raises(Refusal, match="还没有出具责令退回通知书"):
        claims.deliver(row, how="直接送达", receiver="王某", proof=None, by=staff.clerk, at=AT, on=FOUND, today=FOUND)
    notice = claims.order_back(row, by=staff.clerk, at=AT, on=FOUND)
    assert notice.number == f"{row.office.issuer}〔2024〕1号"
    assert {name: notice.data[name] for name in ("amount", "capitals", "term", "basis", "recovery")} == {
        "amount": "200.00",
        "capitals": "贰佰元整",
        "term": "自收到本通知书之日起 30 日内",
        "basis": "社会保险法第八十八条",
        "recovery": row.number,
    }
    with pytest.raises(Refusal, match="已经出具"):
        claims.order_back(row, by=staff.clerk, at=AT, on=FOUND)
    with pytest.raises(Refusal, match="期限未届满"):
        claims.urge(row, by=staff.clerk, at=AT, on=LATE)
    proof = SimpleUploadedFile("回证.pdf", PDF)
    claims.deliver(
        row, how="邮寄送达", receiver="王某", proof=proof, by=staff.clerk, at=AT, on=DELIVERED, today=DELIVERED
    )
    row.refresh_from_db()
    assert (row.due_on, row.entries.get(kind="delivered").file.name) == (DUE, "回证.pdf")
    with pytest.raises(Refusal, match="期限未届满"):
        claims.urge(row, by=staff.clerk, at=AT, on=DUE)
    with pytest.raises(Refusal, match="须先责令退回并催告"):
        claims.hand_over(row, to="人民法院", because="逾期", by=staff.approver, at=AT, on=LATE)
    claims.urge(row, by=staff.clerk, at=AT, on=LATE)
    claims.hand_over(row, to="长春市某区人民法院", because="催告后仍不退还", by=staff.approver, at=AT, on=LATE)
    row.refresh_from_db()
    assert (row.status, list(Document.objects.order_by("pk").values_list("kind", flat=True))) == (
        "handed_over",
        ["recovery_notice", "recovery_urging", "recovery_handover"],
    )
    assert Document.objects.filter(subject=row.subject).count() == 2  # the hand-over is not shown to the unit
    assert set(Notice.objects.filter(template__startswith="recovery").values_list("template", "channel")) == {
        (template, channel) for template in ("recovery_ordered", "recovery_urged") for channel in ("sms", "portal")
    }
    assert list(row.entries.values_list("kind", flat=True)) == [
        "found", "confirmed", "noticed", "delivered", "urged", "handed_over",
    ]  # fmt: skip
    assert not ours()


def ours() -> list[str]:
    """What offends the invariants of recoveries; the road of these cases has no signatures."""
    watched = ("recover", "repaid", "movement")
    return [str(offence) for offence in checking.offences() if offence.invariant.startswith(watched)]


STATEMENT = "流水号,日期,金额,付款人,附言\n"


def test_a_statement_is_matched_by_number_or_by_name_and_counts_through_another(paid: Cases, tmp_path: Path) -> None:
    row, staff = ordered(paid), paid.staff
    unit = paid.unit(1)
    path = tmp_path / "statement.csv"
    path.write_text(
        f"{STATEMENT}B1,2024-08-20,50.00,张三,退款{row.number}\nB2,2024-08-21,60.00,{unit.name},退款\n"
        "B3,2024-08-22,70.00,他人公司,货款\nB4,2024-08-22,500.00,"
        f"{unit.name},退款\n",
        encoding="utf-8",
    )
    with pytest.raises(Refusal, match="登记退还"):
        repayments.enter(
            row, amount=Decimal(1), on=LATE, bank_ref="X", payer="", note="", by=staff.clerk, at=AT, today=LATE
        )
    found = repayments.match(path, by=staff.cashier, at=AT, today=LATE)
    assert ([each.bank_ref for each in found.entered], found.known) == (["B1", "B2"], 0)
    assert [(credit.bank_ref, why[:8]) for credit, why in found.left] == [
        ("B3", "没有对应的追回"),
        ("B4", "退还金额应大于 "),
    ]
    again = repayments.match(path, by=staff.cashier, at=AT, today=LATE)
    assert (again.entered, again.known) == ([], 2)
    with pytest.raises(Refusal, match="须由登记人以外的人确认"):
        repayments.decide(found.entered[0], confirm=True, by=staff.cashier, at=AT)
    with pytest.raises(Refusal, match="请写明不予登记的理由"):
        repayments.decide(found.entered[1], confirm=False, by=staff.second, at=AT)
    for each in found.entered:
        repayments.decide(each, confirm=True, by=staff.second, at=AT)
    row.refresh_from_db()
    assert (row.repaid, row.owed) == (Decimal("110.00"), Decimal("90.00"))
    lines = [
        (line.label, f"{line.amount}", f"{line.held}", f"{line.claim}", f"{line.owed}")
        for line in ledgers.of(unit.uscc)
    ]
    assert lines == [
        ("拨付", "600.00", "600.00", "0.00", "0.00"),
        ("登记应追回", "0.00", "600.00", "200.00", "200.00"),
        ("退还", "-50.00", "550.00", "-50.00", "150.00"),
        ("退还", "-60.00", "490.00", "-60.00", "90.00"),
    ]
    assert [line.ref for line in ledgers.lines(cities=None, offices=None, year=2024)] == [
        line.ref for line in ledgers.of(unit.uscc)
    ]
    assert list(ledgers.lines(cities=[], offices=[], year=2024)) == []
    assert not ours()


def test_a_statement_with_a_wrong_line_is_not_entered(paid: Cases, tmp_path: Path) -> None:
    ordered(paid)
    path = tmp_path / "statement.csv"
    path.write_text(f"{STATEMENT}B1,2024-08-20,x,,\nB1,2024-08-20,1.00,,\n", encoding="utf-8")
    with pytest.raises(Refusal, match="1 行有误，整个文件没有登记"):
        repayments.match(path, by=paid.staff.cashier, at=AT, today=LATE)


def test_withdrawing_is_a_supervisors(paid: Cases) -> None:
    row = confirmed(paid)
    with pytest.raises(Refusal, match="撤销追回"):
        claims.withdraw(row, because="复议撤销", by=paid.staff.approver, at=AT, on=LATE)
    assert recoveries.open_of(row.subject).count() == 1
