"""A bar after the sweep: it holds at once, the agency answers, a supervisor confirms or revokes, what waited goes on (J2.9)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from caseworks.base.errors import Refusal
from caseworks.base.models import Document, Notice
from caseworks.cases.models import Bar
from caseworks.money import second_check
from caseworks.money.models import Recovery
from caseworks.people.actors import Actor
from dispatch import annulments, applications, barring, checks, letters, obligations, telling
from dispatch.enums import RevokeReason, VoucherReason
from dispatch.models import BarPaper, Finding
from tests.dispatch.agencies import AT, CLOCK, HOSTS, Paid, day, offences
from tests.money.conftest import Staff, bureau, judge, staff
from tests.people.builders import person, unit_user

__all__ = ["bureau", "staff"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor(bureau: None) -> Actor:
    return Actor.of_person(person("supervisor-a", "supervisor"))


@pytest.fixture
def barred(staff: Staff, tmp_path: Path) -> Paid:
    """An agency that forwarded nothing: swept, and barred for 2025."""
    agency = Paid(staff, tmp_path, hosts=2).credited()
    agency.sweep("08-10")
    return agency


def bar_of(agency: Paid) -> Bar:
    return Bar.objects.get(uscc=agency.unit.uscc)


def notices(agency: Paid) -> list[tuple[str, str, str]]:
    found = Notice.objects.filter(
        subject=agency.unit.uscc, channel="portal", template__startswith="dispatch_"
    ).order_by("pk")
    return [(row.template, str(row.params.get("amount", "")), str(row.params.get("answer_by", ""))) for row in found]


def test_the_agency_is_told_what_it_owes_and_until_when_it_may_answer(barred: Paid) -> None:
    assert notices(barred) == [
        ("dispatch_credited", "200.00", ""),
        ("dispatch_recovered", "200.00", ""),
        ("dispatch_bar_proposed", "", "2024-08-16"),  # five working days after 2024-08-10, a Saturday
    ]
    barred.sweep("08-11")
    assert len(notices(barred)) == 3


def test_a_proposed_bar_does_not_refuse_the_next_application_but_keeps_its_payment(
    barred: Paid, tmp_path: Path
) -> None:
    judge(
        barred.unit, "0.00", year=2025, outcome="ineligible", reasons=["disqualified"], bar="proposed",
        premium=barred.application.premium, dispatch_licence="SYN-1",
    )  # fmt: skip
    path = tmp_path / "next.csv"
    path.write_text(barred.roster().read_text(encoding="utf-8").replace("2023-", "2024-"), encoding="utf-8")
    taken = applications.submit(path, uscc=barred.unit.uscc, year=2025, on=day("2025-07-15"), by=CLOCK, at=AT)
    assert taken.application.flags == ["bar_proposed"]


def test_a_confirmed_bar_refuses_the_next_application_and_says_why(barred: Paid, supervisor: Actor) -> None:
    barring.confirm(bar_of(barred), decision_no="吉人社决〔2024〕1号", delivered_on=day("08-20"), by=supervisor, at=AT)
    judge(barred.unit, "0.00", year=2025, outcome="apply", reasons=["dispatch_must_apply"], dispatch_licence="SYN-1")
    with pytest.raises(Refusal) as refused:
        checks.look(barred.roster(), uscc=barred.unit.uscc, year=2025, on=day("2025-07-15"))
    assert "已被取消 2025 年度申领资格（吉人社决〔2024〕1号）" in refused.value.message
    assert "2 个用工单位，合计 200.00 元" in refused.value.message
    assert "取消期至 2025 年 12 月 31 日" in refused.value.message


def test_the_agency_answers_in_time_or_late(barred: Paid) -> None:
    user = Actor.of_person(unit_user("agency-user", barred.unit.uscc))
    bar = bar_of(barred)
    first = barring.answer(bar, "银行差错，款项已付出", by=user, at=AT, on=day("08-16"))
    late = barring.answer(bar, "补充证明", by=user, at=AT, on=day("08-17"))
    assert [(row.text, row.late) for row in (first, late)] == [("银行差错，款项已付出", False), ("补充证明", True)]
    stranger = Actor.of_person(unit_user("other-user", HOSTS[0]))
    with pytest.raises(Refusal):
        barring.answer(bar, "不相干", by=stranger, at=AT, on=day("08-16"))


def test_a_revocation_strikes_off_what_is_owed_and_stays_visible(barred: Paid, supervisor: Actor) -> None:
    bar = barring.revoke(
        bar_of(barred), code=RevokeReason.BANK_ERROR, words="银行误退，附证明", strike_off=True, by=supervisor, at=AT,
        on=day("08-20"),
    )  # fmt: skip
    assert (bar.status, bar.decision_reason) == ("revoked", "银行差错：银行误退，附证明")
    assert [barred.stands(host) for host in (0, 1)] == ["0 0 0 0 excused"] * 2
    assert set(Recovery.objects.values_list("status", flat=True)) == {"withdrawn"}
    barred.sweep("2025-08-11")
    assert (Finding.objects.count(), Bar.objects.count()) == (2, 1)
    assert offences() == []


def test_a_revocation_may_leave_the_money_owed(barred: Paid, supervisor: Actor) -> None:
    barring.revoke(
        bar_of(barred), code=RevokeReason.OTHER, words="情节轻微", strike_off=False, by=supervisor, at=AT,
        on=day("08-20"),
    )  # fmt: skip
    assert barred.stands() == "0 0 100 100 claimed"
    barred.sweep("08-21")
    assert barred.stands() == "0 0 100 100 claimed"


def test_a_new_offence_after_a_revocation_is_barred_anew(staff: Staff, tmp_path: Path, supervisor: Actor) -> None:
    agency = Paid(staff, tmp_path, hosts=2).credited()
    agency.voucher("100.00", "07-10", host=1)
    agency.sweep("08-10")
    barring.revoke(
        bar_of(agency), code=RevokeReason.OTHER, words="情节轻微", strike_off=False, by=supervisor, at=AT,
        on=day("08-20"),
    )  # fmt: skip
    agency.decide("rejected", "08-20", "forged")
    agency.sweep("08-21")
    assert sorted(Bar.objects.values_list("status", flat=True)) == ["proposed", "revoked"]


def test_who_verified_or_proposed_does_not_decide(staff: Staff, tmp_path: Path, supervisor: Actor) -> None:
    agency = Paid(staff, tmp_path).credited()
    agency.voucher("60.00", "07-10")
    agency.decide("verified", "07-11")
    agency.sweep("08-10")
    bar = bar_of(agency)
    both = person("clerk-and-supervisor", "supervisor")
    type(agency.part().vouchers.get()).objects.update(decided_by=both)
    with pytest.raises(Refusal, match="您核对过该单位的凭证"):
        barring.confirm(bar, decision_no="1", delivered_on=None, by=Actor.of_person(both), at=AT)
    with pytest.raises(Refusal, match="没有对"):
        barring.confirm(bar, decision_no="1", delivered_on=None, by=staff.clerk, at=AT)
    with pytest.raises(Refusal, match="具名"):
        barring.confirm(bar, decision_no="1", delivered_on=None, by=CLOCK, at=AT)
    assert barring.confirm(bar, decision_no="1", delivered_on=None, by=supervisor, at=AT).status == "confirmed"


def test_an_annulled_voucher_becomes_a_recovery_at_once(staff: Staff, tmp_path: Path, supervisor: Actor) -> None:
    agency = Paid(staff, tmp_path).credited()
    agency.voucher("100.00", "07-10")
    voucher = agency.decide("verified", "07-11")
    agency.sweep("08-10")
    assert agency.stands() == "100 0 0 0 settled"
    annulments.annul(
        voucher, code=VoucherReason.FORGED, words="稽核发现回单系伪造", found_by="audit", by=supervisor, at=AT,
        on=day("09-02"),
    )  # fmt: skip
    assert agency.stands() == "0 0 100 100 claimed 2025"
    finding = Finding.objects.get()
    assert (finding.cause, finding.recovery and finding.recovery.origin) == ("annulled", "audit")
    again = agency.voucher("100.00", "07-10", receipt=voucher.receipt_no)
    assert again.unchanged == 1
    assert offences() == []


def test_annulled_before_the_deadline_the_part_is_open_again(staff: Staff, tmp_path: Path, supervisor: Actor) -> None:
    agency = Paid(staff, tmp_path).credited()
    agency.voucher("100.00", "07-10")
    voucher = agency.decide("verified", "07-11")
    annulments.annul(
        voucher, code=VoucherReason.PAID_BACK, words="用工单位反映已转回", found_by="host", by=supervisor, at=AT,
        on=day("07-20"),
    )  # fmt: skip
    assert agency.stands() == "0 0 0 0 open"
    assert agency.voucher("100.00", "07-22").summary == "1 read, 1 stored, 0 rejected, 0 unchanged"


def test_an_extension_once_keeps_the_old_date(staff: Staff, tmp_path: Path, supervisor: Actor) -> None:
    agency = Paid(staff, tmp_path, hosts=2).credited()
    obligations.catch_up(by=CLOCK, at=AT)
    part = obligations.extend(
        agency.part(), until=day("08-30"), reason="用工单位账户冻结", by=supervisor, at=AT, on=day("08-01")
    )
    assert (part.due_on, part.deadline.due_on) == (day("08-30"), day("08-09"))
    with pytest.raises(Refusal, match="已延期一次"):
        obligations.extend(part, until=day("09-30"), reason="再延", by=supervisor, at=AT, on=day("08-01"))
    agency.sweep("08-10")
    assert [agency.stands(host) for host in (0, 1)] == ["0 0 0 0 open 2025", "0 0 100 100 claimed 2025"]
    agency.voucher("100.00", "08-30")
    agency.decide("verified", "08-30")
    agency.sweep("08-31")
    assert agency.stands() == "100 0 0 0 settled 2025"
    assert offences() == []


def test_an_overdue_part_keeps_every_payment_back(barred: Paid) -> None:
    case = barred.case
    assert case.status == "paid"
    waits = second_check.facts.obstacles([case.pk], day("08-10"))
    assert waits == {}  # what is claimed back is the recovery's own obstacle
    held = second_check.run("dispatch", 2024, [case.pk], on=day("08-11")).problems[case.pk]
    assert any("有未退还的追回款" in row.reason for row in held)


def test_an_overdue_part_is_an_obstacle_before_the_sweep(staff: Staff, tmp_path: Path) -> None:
    agency = Paid(staff, tmp_path).credited()
    obligations.catch_up(by=CLOCK, at=AT)
    assert second_check.facts.obstacles([agency.case.pk], day("08-09")) == {}
    words = second_check.facts.obstacles([agency.case.pk], day("08-10"))[agency.case.pk]
    assert words == ["2024 年度应转付用工单位的 100.00 元已过期限（2024-08-09），未转付也未退回。"]


def test_reminders_go_out_once_and_are_caught_up(staff: Staff, tmp_path: Path) -> None:
    agency = Paid(staff, tmp_path, hosts=2).credited()
    obligations.catch_up(by=CLOCK, at=AT)
    days = [dt.date(2024, 7, 25) + dt.timedelta(days=n) for n in range(17)]
    missed = {day("07-26"), day("07-27"), day("07-28")}  # the clock stood on the day of the first one
    for on in days:
        if on not in missed:
            telling.remind(on, at=AT)
            telling.remind(on, at=AT)
    found = Notice.objects.filter(template="dispatch_reminder", channel="portal").order_by("pk")
    assert [(row.params["days"], row.params["hosts"], row.params["amount"]) for row in found] == [
        ("9", "2", "200.00"), ("5", "2", "200.00"), ("1", "2", "200.00"),
    ]  # fmt: skip
    assert agency.stands() == "0 0 0 0 open"


def test_each_letter_is_made_once(barred: Paid) -> None:
    assert letters.issue_missing(on=day("08-10"), by=CLOCK, at=AT) == 3
    assert letters.issue_missing(on=day("08-11"), by=CLOCK, at=AT) == 0
    paper = Document.objects.get(kind="bar_notice")
    assert BarPaper.objects.get().document == paper
    assert paper.data["capitals"] == "贰佰元整"
    assert [row[4] for row in paper.data["rows"]] == ["100.00", "100.00"]
    orders = Document.objects.filter(kind="recovery_notice").order_by("pk")
    assert [order.data["amount"] for order in orders] == ["100.00", "100.00"]
