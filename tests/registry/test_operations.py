"""Accounts and retirements: proposed by one, decided by another; rejected rows: mended or settled. (N5.1, contract section 1)"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from caseworks.base.errors import Refusal
from caseworks.people.actors import Actor
from caseworks.people.models import Appointment, Office, Person
from caseworks.registry import accounts, imports, rejections, retirements
from caseworks.registry.enums import AccountStatus, FileKind, Mode, RetirementStatus
from caseworks.registry.imports import Wish
from caseworks.registry.models import (
    Account,
    Contribution,
    ImportFile,
    Listing,
    RejectedRow,
    Retirement,
    Separation,
    Unit,
)
from tests.registry.support import AT, OPERATOR, Writer

pytestmark = pytest.mark.django_db
ONE, TWO = "91220102XNDP8LW13M", "91220102XNQNQPW14U"


def unit_row(uscc: str, region: str = "220102", name: str = "长春示例商贸有限公司") -> list[str]:
    return [uscc, name, "enterprise", "small", region, "active", "2015-03-01", "", "", "", "", "", "", ""]


def staff(name: str, role: str, office: Office) -> Actor:
    person = Person.objects.create(username=name, full_name=name, office=office)
    Appointment.objects.create(
        person=person, office=office, role=role, role_class="business", since=dt.date(2020, 1, 1), made_at=AT
    )
    return Actor.of_person(person)


@pytest.fixture
def units(bureau: Office, write: Writer) -> Office:
    imports.load(
        write("units", [unit_row("91220102XNDP8LW13M"), unit_row("91220102XN8JCHX162", "220182")]),
        FileKind.UNITS,
        OPERATOR,
        AT,
    )
    return bureau


def load(path: Path, kind: str, actor: Actor = OPERATOR, **wish: str) -> ImportFile:
    return imports.load(path, FileKind(kind), actor, AT, wish=Wish(FileKind(kind), **wish))


def account(number: str, uscc: str = ONE, bank: str = "示例银行") -> list[str]:
    return [uscc, "corporate", bank, "999000000001", number, "甲公司"]


def test_units_carry_the_offices_of_their_region(units: Office) -> None:
    assert list(Unit.objects.order_by("region").values_list("office__code", "city_office__code")) == [
        ("2201", "2201"),
        ("220182", "2201"),
    ]
    clerk = staff("榆树经办", "clerk", Office.objects.get(code="220182"))
    assert [unit.region for unit in Unit.objects.visible_to(clerk.person, AT.date())] == ["220182"]


def test_a_changed_account_is_proposed_and_confirmed_by_another(units: Office, write: Writer) -> None:
    clerk, reviewer = staff("经办", "clerk", units), staff("复核", "reviewer", units)
    both = staff("兼任", "clerk", units)
    Appointment.objects.create(
        person=both.person, office=units, role="reviewer", role_class="business", since=dt.date(2020, 1, 1), made_at=AT
    )
    assert load(write("accounts", [account("1111222233334444")]), "accounts", clerk).new == 1
    again = load(write("accounts", [account("1111222233335555")]), "accounts", both)
    assert (again.new, again.changed) == (0, 1)
    assert list(Account.objects.order_by("pk").values_list("status", "account_tail")) == [
        ("current", "4444"),
        ("proposed", "5555"),
    ]
    assert load(write("accounts", [account("1111222233335555")]), "accounts", clerk).unchanged == 1
    assert load(write("accounts", [account("1111222233334444")]), "accounts", clerk).unchanged == 1
    proposed = Account.objects.waiting().get()
    with pytest.raises(Refusal, match="提出人以外"):
        accounts.confirm(proposed, by=both, at=AT)
    with pytest.raises(Refusal, match="没有确认"):
        accounts.confirm(proposed, by=clerk, at=AT)
    with pytest.raises(IntegrityError, match="account_decided_by_another_person"), transaction.atomic():
        Account.objects.filter(pk=proposed.pk).update(confirmed_by=both.person)
    accounts.confirm(proposed, by=reviewer, at=AT)
    assert list(Account.objects.order_by("pk").values_list("status", "account_tail")) == [
        ("superseded", "4444"),
        ("current", "5555"),
    ]
    assert Account.objects.current().get().account_no == "1111222233335555"
    with pytest.raises(Refusal, match="已处理"):
        accounts.confirm(proposed, by=reviewer, at=AT)


def test_a_refused_account_is_not_proposed_again(units: Office, write: Writer) -> None:
    reviewer = staff("复核", "reviewer", units)
    load(write("accounts", [account("1111")]), "accounts")
    load(write("accounts", [account("2222")]), "accounts")
    with pytest.raises(Refusal, match="理由"):
        accounts.refuse(Account.objects.waiting().get(), because=" ", by=reviewer, at=AT)
    accounts.refuse(Account.objects.waiting().get(), because="户名不符", by=reviewer, at=AT)
    assert load(write("accounts", [account("2222")]), "accounts").unchanged == 1
    newer = load(write("accounts", [account("3333")]), "accounts")
    newest = load(write("accounts", [account("4444")]), "accounts")
    assert (newer.changed, newest.changed) == (1, 1)
    assert sorted(Account.objects.values_list("account_tail", "status")) == [
        ("1111", AccountStatus.CURRENT),
        ("2222", AccountStatus.REFUSED),
        ("3333", AccountStatus.SUPERSEDED),
        ("4444", AccountStatus.PROPOSED),
    ]


def contribution(period: str, serial: str = "1", paid: str = "10.00", uscc: str = ONE) -> list[str]:
    return [uscc, period, "normal", serial, "1", "10.00", paid, "2023-05-05"]


def test_absent_rows_are_retired_once_another_confirms(units: Office, write: Writer) -> None:
    clerk, reviewer = staff("经办", "clerk", units), staff("复核", "reviewer", units)
    other = "91220102XN8JCHX162"
    rows = [contribution("2023-01"), contribution("2023-02"), contribution("2023-03"), contribution("2024-01")]
    load(write("contributions", [*rows, contribution("2023-02", uscc=other)]), "contributions", clerk)
    wish = {"mode": Mode.REPLACE, "period_from": "2023-01", "period_to": "2023-12", "region": "2201"}
    # 2023-02 is missing; 2023-03 is there but wrong, which does not void it; the other unit lies outside the region.
    path = write("contributions", [contribution("2023-01"), contribution("2023-03", paid="-1")])
    narrow = {**wish, "region": "220102"}
    seen = imports.preview(path, Wish(FileKind.CONTRIBUTIONS, **narrow), by=clerk, at=AT)
    assert any("1条记录不在此文件中" in notice for notice in seen.notices)
    assert not Retirement.objects.exists()
    replaced = load(path, "contributions", clerk, **narrow)
    assert (replaced.unchanged, replaced.rejected, replaced.retirements_proposed) == (1, 1, 1)
    proposal = Retirement.objects.get()
    assert (proposal.key["period"], proposal.snapshot["paid"]) == ("2023-02", 10.0)
    assert Contribution.objects.count() == 5
    with pytest.raises(Refusal, match="没有确认"):
        retirements.confirm(Retirement.objects.all(), by=clerk, at=AT)
    with pytest.raises(Refusal, match="与页面显示"):
        retirements.confirm(Retirement.objects.all(), expected=2, by=reviewer, at=AT)
    assert retirements.confirm(Retirement.objects.all(), expected=1, by=reviewer, at=AT) == retirements.Outcome(1, 0)
    assert not Contribution.objects.filter(uscc=ONE, period="2023-02").exists()
    assert Contribution.objects.count() == 4
    proposal.refresh_from_db()
    assert (proposal.status, proposal.confirmed_by) == (RetirementStatus.CONFIRMED, reviewer.person)


def test_a_record_that_comes_again_or_changes_is_kept(units: Office, write: Writer) -> None:
    reviewer = staff("复核", "reviewer", units)
    load(
        write("listings", [[ONE, "zombie", "2023-01-01", "", ""], [ONE, "abnormal", "2023-01-01", "", ""]]), "listings"
    )
    nothing = write("listings", [[ONE, "dishonest", "2023-02-01", "", ""]])
    wish = {"mode": Mode.REPLACE, "period_from": "2023-01", "period_to": "2023-12"}
    assert load(nothing, "listings", **wish).retirements_proposed == 2
    assert load(nothing, "listings", **wish).retirements_proposed == 0
    load(write("listings", [[ONE, "zombie", "2023-01-01", "", ""]]), "listings")
    assert Retirement.objects.get(status=RetirementStatus.KEPT).key["list"] == "zombie"
    Listing.objects.filter(list="abnormal").update(source="上游更正")
    assert retirements.confirm(Retirement.objects.all(), by=reviewer, at=AT) == retirements.Outcome(0, 1)
    assert Listing.objects.count() == 3


def test_a_person_is_retired_by_the_hash_of_the_number(units: Office, write: Writer) -> None:
    header = ["uscc", "id_no", "separated_on", "reason"]
    numbers = ("220102198512150009", "220103198512150005")
    rows = [[ONE, number, "2023-02-04", "death"] for number in numbers]
    load(write("separations", rows, header), "separations")
    wish = {"mode": Mode.REPLACE, "period_from": "2023-01", "period_to": "2023-12"}
    assert load(write("separations", rows[:1], header), "separations", **wish).retirements_proposed == 1
    assert numbers[1] not in str(Retirement.objects.get().snapshot)
    assert retirements.confirm(Retirement.objects.all(), by=OPERATOR, at=AT).retired == 1
    assert Separation.objects.get().id_no == numbers[0]


def test_units_are_never_replaced(units: Office, write: Writer) -> None:
    with pytest.raises(Refusal, match="不能以替换方式"):
        load(write("units", [unit_row(ONE)]), "units", mode=Mode.REPLACE, period_from="2023-01", period_to="2023-12")
    with pytest.raises(Refusal, match="起止期"):
        load(write("contributions", [contribution("2023-01")]), "contributions", mode=Mode.REPLACE)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM registry_importfile f JOIN base_run r ON r.id = f.run_id WHERE r.state = 'refused'"
        )
        assert cursor.fetchone() == (2,)


def test_a_rejected_row_stands_until_it_is_mended_or_settled(units: Office, write: Writer) -> None:
    clerk = staff("经办", "clerk", units)
    wrong = [contribution("2023-01", paid="x"), contribution("2023-2"), contribution("2023-03")]
    first = load(write("contributions", wrong), "contributions", clerk)
    assert sorted(RejectedRow.objects.standing().values_list("uscc", "line")) == [(ONE, 2), (ONE, 3)]
    second = load(write("contributions", wrong), "contributions", clerk)
    assert set(RejectedRow.objects.standing().values_list("import_file", flat=True)) == {second.pk}
    assert set(first.rejected_rows.values_list("mended_by", flat=True)) == {second.pk}
    third = load(write("contributions", [contribution("2023-01")]), "contributions", clerk)
    assert RejectedRow.objects.get(import_file=second, line=2).mended_by == third
    left = RejectedRow.objects.standing()
    assert [(row.line, row.column, row.value) for row in left] == [(3, "period", "2023-2")]
    with pytest.raises(Refusal, match="处理情况"):
        rejections.settle(left, words="", by=clerk, at=AT)
    assert rejections.settle(left, words="已与税务核对，2023-02 另行补报", by=clerk, at=AT) == 1
    assert not RejectedRow.objects.standing().exists()
