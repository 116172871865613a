"""Judged again after the fact: what a correction or a later policy row gives or takes, and what a person makes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from caseworks.base.enums import Size
from caseworks.base.errors import Refusal
from caseworks.books import checking
from caseworks.cases.models import Case, Event, ReviewSheet
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.money import bank_results, recoveries
from caseworks.money.exports import write_payments
from caseworks.money.models import Movement, Payment, Recovery
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.models import Contribution, FundYear, Unit
from refunds import differences, recalculation, screening
from refunds.models import Assessment, Difference
from tests.money.conftest import give_account
from tests.refunds.build import a_year, make_unit, record
from tests.refunds.conftest import AS_OF, AT, OPERATOR

pytestmark = pytest.mark.django_db(transaction=True)
LATER = dt.date(2024, 9, 2)
PAID_AT = AT + dt.timedelta(days=60)  # the bank answers after all that was rehearsed
PROPOSED = ("uscc", "kind", "granted", "standing", "paid", "amount")


def who(name: str) -> Actor:
    return Actor.of_person(Person.objects.get(username=f"training-{name}"))


@pytest.fixture
def four(bureau: None, tmp_path: Path) -> list[Unit]:
    """Four units of a city, screened and paid 720.00 each by a rehearsal."""
    FundYear.objects.create(
        region="220000", year=2023, closing_balance=Decimal("24000000.00"), expenditure=Decimal("12000000.00")
    )
    units = [make_unit(number) for number in range(1, 5)]
    for unit in units:
        a_year(unit.uscc)
        give_account(unit)
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    carry(tmp_path)
    yield units  # type: ignore[misc]
    assert checking.offences() == []


def carry(folder: Path, result: str = "paid") -> None:
    """Rehearse what may go on, and let the bank answer."""
    call_command("rehearse", "2024", "--scheme", "refunds")
    sent = Payment.objects.filter(status="sent").order_by("pk")
    lines = [f"{payment.payment_no},{result},{payment.sent_on},账号有误" for payment in sent]
    path = folder / "bank.csv"
    path.write_text("payment_no,result,on,reason\n" + "\n".join(lines), encoding="utf-8")
    bank_results.book(path, by=who("cashier"), at=PAID_AT)


def again(on: dt.date = LATER) -> list[tuple[str, ...]]:
    recalculation.run(2024, on=on, by=OPERATOR, at=AT)
    rows = Difference.objects.filter(status="proposed").order_by("uscc").values_list(*PROPOSED)
    return [tuple(str(value) for value in row) for row in rows]


def decide(rows: Iterable[Difference] | None = None) -> None:
    """Carry every proposal out."""
    waiting = list(Difference.objects.filter(status="proposed") if rows is None else rows)
    over = [row.pk for row in waiting if row.kind == "overpaid"]
    if over:
        differences.take_back(over, by=who("approver"), at=AT, because="数据更正")
    for row in Difference.objects.filter(status="proposed", kind="topup"):
        differences.top_up([row.pk], by=who("clerk"), at=AT)


def raise_ratios() -> Policy:
    """A later row of the year raises the ratio of small and medium units to 0.9, from July on."""
    before = Policy.objects.in_force().of("refunds", 2024).get(region="22")
    row = policies.copy_as_draft(before, by=OPERATOR, at=AT)
    row.title, row.effective_from = "提高后", dt.date(2024, 7, 1)
    row.save()
    row.figures.filter(name__in=("ratio_sme", "ratio_reference")).update(number=Decimal("0.9"))
    return policies.put_in_force(row, by=OPERATOR, at=AT, training=True)


def test_nothing_changed_is_nothing_found(four: list[Unit]) -> None:
    assert again() == []
    assert recalculation.run(2024, on=LATER, by=OPERATOR, at=AT).totals == {"same": {"units": 4, "amount": "0.00"}}


def test_a_raise_in_mid_year_is_topped_up_by_the_difference_and_never_twice(four: list[Unit], tmp_path: Path) -> None:
    row = raise_ratios()
    assert again(dt.date(2024, 6, 30)) == []
    found = again()
    assert found == [(unit.uscc, "topup", "1080.00", "720.00", "720.00", "360.00") for unit in four]
    assert set(Difference.objects.values_list("policy", flat=True)) == {row.pk}
    assert again() == found
    decide()
    assert again() == []
    cases = Case.objects.filter(round=2)
    assert list(cases.order_by("subject").values_list("subject", "amount", "status")) == [
        (unit.uscc, Decimal("360.00"), "opened") for unit in four
    ]
    assert ReviewSheet.objects.filter(case__round=2).count() == 4
    carry(tmp_path)
    assert set(cases.values_list("status", flat=True)) == {"paid"}
    assert again() == []
    write_payments(2024, tmp_path / "payments.csv")
    lines = (tmp_path / "payments.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert sorted(line.split(",")[2:6] for line in lines) == sorted(
        [unit.uscc, "", attempt, amount] for unit in four for attempt, amount in (("1", "720.00"), ("2", "360.00"))
    )
    assert set(Assessment.objects.values_list("amount", flat=True)) == {Decimal("720.00")}


def test_a_correction_upwards_and_one_downwards(four: list[Unit]) -> None:
    up, down, gone, _ = four
    record(up.uscc, "2023-12", "supplement", "2", due=Decimal("50.00"), paid=Decimal("50.00"))
    Unit.objects.filter(pk=down.pk).update(size=Size.LARGE)
    Contribution.objects.filter(uscc=gone.uscc, period="2023-12").update(paid=Decimal("0.00"), paid_on=None)
    assert again() == [
        (up.uscc, "topup", "750.00", "720.00", "720.00", "30.00"),
        (down.uscc, "overpaid", "360.00", "720.00", "720.00", "360.00"),
        (gone.uscc, "overpaid", "0.00", "720.00", "720.00", "720.00"),
    ]
    row = Difference.objects.get(uscc=down.uscc)
    assert row.changes == {"size": ["medium", "large"], "ratio": [0.6, 0.3], "amount": [720.0, 360.0]}
    assert Difference.objects.get(uscc=gone.uscc).reasons == ["months_insufficient", "in_arrears"]
    decide()
    assert list(Recovery.objects.order_by("subject").values_list("subject", "amount", "status", "payment__amount")) == [
        (down.uscc, Decimal("360.00"), "proposed", Decimal("720.00")),
        (gone.uscc, Decimal("720.00"), "proposed", Decimal("720.00")),
    ]
    assert again() == []
    Unit.objects.filter(pk=down.pk).update(size=Size.MEDIUM)
    assert again() == [(down.uscc, "topup", "720.00", "360.00", "720.00", "360.00")]


def test_what_a_unit_is_today_is_no_correction_of_what_it_was(four: list[Unit]) -> None:
    Unit.objects.filter(pk=four[0].pk).update(status="deregistered")
    Unit.objects.filter(pk=four[1].pk).update(dispatch_licence="220100202400001")
    assert again() == []


def test_whoever_owes_is_not_paid_until_it_came_back(four: list[Unit], tmp_path: Path) -> None:
    unit = four[0]
    Unit.objects.filter(pk=unit.pk).update(size=Size.LARGE)
    again()
    decide()
    key = Recovery.objects.get().key
    recoveries.confirm(key, by=who("supervisor"), at=AT, on=LATER)
    Unit.objects.filter(pk=unit.pk).update(size=Size.MEDIUM)
    again()
    decide()
    call_command("rehearse", "2024", "--scheme", "refunds")
    assert Case.objects.get(subject=unit.uscc, round=2).status == "cleared"
    recoveries.repay(key, amount=Decimal("360.00"), on=LATER, bank_ref="B1", by=who("cashier"), at=AT, confirmed=True)
    carry(tmp_path)
    assert Case.objects.get(subject=unit.uscc, round=2).status == "paid"
    assert sum(Movement.objects.values_list("amount", flat=True)) == Decimal("2880.00")
    assert again() == []


def test_what_was_declined_is_not_proposed_again_until_it_changes(four: list[Unit]) -> None:
    unit = four[0]
    record(unit.uscc, "2023-12", "supplement", "2", due=Decimal("50.00"), paid=Decimal("50.00"))
    again()
    with pytest.raises(Refusal, match="请写明不予办理的理由"):
        differences.decline([Difference.objects.get().pk], by=who("clerk"), at=AT, because=" ")
    differences.decline([Difference.objects.get().pk], by=who("clerk"), at=AT, because="单位书面放弃")
    assert again() == []
    record(unit.uscc, "2023-11", "supplement", "2", due=Decimal("50.00"), paid=Decimal("50.00"))
    assert [row[-1] for row in again()] == ["60.00"]


def test_a_proposal_that_no_longer_holds_lapses_or_is_refused(four: list[Unit]) -> None:
    unit = four[0]
    record(unit.uscc, "2023-12", "supplement", "2", due=Decimal("50.00"), paid=Decimal("50.00"))
    again()
    found = Difference.objects.get()
    with pytest.raises(Refusal, match=r"您没有对.*办理“应补”的权限"):
        differences.top_up([found.pk], by=who("approver"), at=AT)
    with pytest.raises(Refusal, match="不是同一年度的同一种差额"):
        differences.take_back([found.pk], by=who("approver"), at=AT, because="x")
    Contribution.objects.filter(uscc=unit.uscc, serial="2").delete()
    assert again() == []
    with pytest.raises(Refusal, match="1 条已不在待决定状态"):
        differences.top_up([found.pk], by=who("clerk"), at=AT)
    assert list(Difference.objects.values_list("status", flat=True)) == ["lapsed"]


def test_an_unpaid_case_of_too_much_is_refused_and_paid_anew(four: list[Unit], tmp_path: Path) -> None:
    unit = make_unit(9)
    a_year(unit.uscc)
    give_account(unit, account_name="别家有限公司")
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    call_command("rehearse", "2024", "--scheme", "refunds")
    assert Case.objects.get(subject=unit.uscc).status == "cleared"
    Unit.objects.filter(pk=unit.pk).update(size=Size.LARGE)
    assert again() == [(unit.uscc, "overpaid", "360.00", "720.00", "0.00", "360.00")]
    differences.take_back([Difference.objects.get().pk], by=who("approver"), at=AT, because="划型更正")
    case = Case.objects.get(subject=unit.uscc)
    assert (case.status, Event.objects.get(case=case, seq=case.seq).note) == (
        "refused",
        "重新核算，按现核定金额另行办理：划型更正",
    )
    waiting = Difference.objects.get(status="proposed")
    assert (waiting.kind, waiting.amount) == ("topup", Decimal("360.00"))
    decide()
    assert (again(), not Recovery.objects.exists()) == ([], True)
    assert Case.objects.get(subject=unit.uscc, round=2).amount == Decimal("360.00")


def test_a_top_up_under_review_is_judged_anew_with_what_stands(four: list[Unit]) -> None:
    from caseworks.cases import reviews

    unit = four[0]
    record(unit.uscc, "2023-12", "supplement", "2", due=Decimal("50.00"), paid=Decimal("50.00"))
    again()
    decide()
    record(unit.uscc, "2023-11", "supplement", "2", due=Decimal("50.00"), paid=Decimal("50.00"))
    assert again() == []
    case = Case.objects.get(round=2)
    assert reviews.rejudge(case.pk, by=who("clerk"), at=AT, note="补收更正")
    case.refresh_from_db()
    assert case.amount == Difference.objects.get().amount == Decimal("60.00")
    Contribution.objects.filter(uscc=unit.uscc, serial="2").delete()
    assert reviews.rejudge(case.pk, by=who("clerk"), at=AT, note="再更正")
    assert not ReviewSheet.objects.get(case=case).payable


def test_what_an_audit_took_away_is_not_topped_up(four: list[Unit]) -> None:
    from tests.money.test_recoveries import found as claim

    row = claim("audit:1", "200.00", four[0].uscc, kind="overpaid", origin="audit", scheme="refunds")
    recoveries.find([row], by=OPERATOR, at=AT, on=LATER)
    assert again() == []


TAMPERING = {
    "topup_case_is_its_difference": "UPDATE refunds_difference SET ratio = 0.5 WHERE kind = 'topup'",
    "difference_is_carried_out": "UPDATE refunds_difference SET recovered = 1 WHERE kind = 'overpaid'",
    "topped_up_no_further_than_granted": "UPDATE refunds_difference SET granted = 749 WHERE kind = 'topup'",
}


def test_the_books_name_a_difference_that_somebody_tampered_with(four: list[Unit]) -> None:
    up, down = four[:2]
    record(up.uscc, "2023-12", "supplement", "2", due=Decimal("50.00"), paid=Decimal("50.00"))
    Unit.objects.filter(pk=down.pk).update(size=Size.LARGE)
    again()
    decide()
    for name, sql in TAMPERING.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                "ALTER TABLE refunds_difference DROP CONSTRAINT difference_is_what_is_granted_less_what_stands"
            )
            cursor.execute(sql)
            found = {offence.invariant for offence in checking.offences()}
            transaction.set_rollback(True)
        assert name in found
