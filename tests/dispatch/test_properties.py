"""What must hold of any roster and of any order of events: Hypothesis looks for those that break it."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseworks.base.errors import Refusal
from caseworks.cases.models import Bar
from caseworks.law import calendars
from caseworks.money.enums import OWING
from caseworks.money.models import Payment, Recovery
from caseworks.people.actors import Actor
from dispatch import annulments, barring, obligations
from dispatch.enums import RevokeReason, VoucherReason
from dispatch.models import Finding, Obligation, Voucher
from dispatch.policy import Frame, Host, Row, problems_of, split, total
from tests.dispatch.agencies import AT, CLOCK, HOSTS, PEOPLE, Paid, day, offences, undone
from tests.money.conftest import Staff, bureau, staff
from tests.people.builders import person

__all__ = ["bureau", "staff"]

# -- any roster

ROWS = st.lists(
    st.builds(
        Row,
        line=st.integers(2, 9999),
        id_type=st.just("resident_id"),
        id_no=st.sampled_from(PEOPLE),
        name=st.just("甲"),
        form=st.sampled_from(["own", "dispatched", "outsourced", "other"]),
        host_uscc=st.sampled_from(HOSTS),
        host_name=st.just("示例用工"),
        host_type=st.sampled_from(["enterprise", "government", "public_institution", "social_service"]),
        period_from=st.sampled_from(["2023-01", "2023-04", "2023-12"]),
        period_to=st.sampled_from(["2023-01", "2023-06", "2023-12"]),
        premium=st.decimals("0", "99999.99", places=2),
    ),
    max_size=25,
)
KNOWN = st.dictionaries(
    st.sampled_from(HOSTS),
    st.sampled_from([Host("机关", "government", ""), Host("企业", "enterprise", "large"), Host("其他", "other", "")]),
)
RATIO = st.decimals("0.01", "1", places=4)


def one_type_a_host(rows: list[Row]) -> list[Row]:
    """What the rules let through: a host has one type."""
    first = {row.host_uscc: row.host_type for row in reversed(rows)}
    return [row._replace(host_type=first[row.host_uscc]) for row in rows]


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ROWS, KNOWN, RATIO)
def test_own_hosts_and_excluded_are_the_premium(rows: list[Row], known: dict[str, Host], ratio: Decimal) -> None:
    rows = one_type_a_host(rows)
    parts = split(rows, hosts=known, excluded_types=("government", "public_institution"), ratio_of=lambda *_: ratio)
    assert sum((part.premium for part in parts), Decimal(0)) == sum((row.premium for row in rows), Decimal(0))
    assert len({(part.kind, part.host_uscc) for part in parts}) == len(parts)
    assert total(parts) == sum((part.amount for part in parts), Decimal("0.00"))
    for part in parts:
        kind = "excluded" if part.host_type in ("government", "public_institution") else "host"
        assert (part.kind, part.amount >= 0) == (kind if part.host_uscc else part.kind, True)
        exact = part.premium * ratio if part.kind != "excluded" else Decimal(0)
        assert abs(part.amount - exact) <= Decimal("0.005")


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ROWS, st.permutations(range(25)))
def test_the_order_of_the_rows_does_not_matter(rows: list[Row], order: list[int]) -> None:
    other = [rows[place] for place in order if place < len(rows)]
    assert {wrong.column for wrong in problems_of(rows, Frame(2023))} == {
        wrong.column for wrong in problems_of(other, Frame(2023))
    }
    same: dict[str, Any] = {"hosts": {}, "excluded_types": ("government",), "ratio_of": lambda *_: Decimal("0.6")}
    fixed = one_type_a_host(rows)
    moved = [fixed[place] for place in order if place < len(fixed)]
    assert split(fixed, **same) == split(moved, **same)


# -- any order of events

amounts = st.sampled_from(["100.00", "60.00", "40.00", "33.33", "0.01", "100.01"])
days = st.sampled_from(["06-27", "06-28", "07-15", "08-08", "08-09", "08-10", "08-12", "09-30"])
later = st.sampled_from(["08-09", "08-10", "08-12", "08-13", "10-08", "2025-02-01"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("voucher"), amounts, days),
        st.tuples(st.just("decide"), st.sampled_from(["verified", "rejected"]), later),
        st.tuples(st.just("back"), amounts, days),
        st.tuples(st.just("sweep"), later, later),
        st.tuples(st.just("off"), st.sampled_from(["08-05", "08-08", "08-09"]), st.sampled_from(["off", ""])),
        st.tuples(st.just("extend"), st.sampled_from(["08-16", "10-15"]), later),
        st.tuples(st.just("annul"), st.sampled_from(["forged", "paid_back"]), later),
        st.tuples(st.just("revoke"), st.sampled_from(["strike off", ""]), later),
        st.tuples(st.just("bounce"), st.just(""), st.sampled_from(["07-20", "08-20"])),
    ),
    max_size=9,
)
database = settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


class World:
    """One part of 100.00 yuan, and what may happen to it; what is refused changes nothing."""

    def __init__(self, agency: Paid, supervisor: Actor) -> None:
        self.agency, self.supervisor = agency, supervisor

    def play(self, steps: list[tuple[str, str, str]]) -> None:
        for name, one, two in steps:
            getattr(self, name)(one, two)

    @property
    def gone(self) -> bool:
        """Has the bank sent the money back?"""
        return not Obligation.objects.standing().exists()

    def voucher(self, amount: str, paid_on: str) -> None:
        self.agency.voucher(amount, paid_on)

    def decide(self, decision: str, on: str) -> None:
        rows = list(Voucher.objects.order_by("pk"))
        waiting = next((row for row in rows if row.status == "pending"), None)
        if waiting is not None:
            self.agency.decide(decision, on, which=rows.index(waiting) - len(rows))

    def back(self, amount: str, on: str) -> None:
        self.agency.give_back(amount, on)

    def sweep(self, as_of: str, _: str) -> None:
        self.agency.sweep(as_of)

    def off(self, which: str, kind: str) -> None:
        calendars.set_day(day(which), kind, "", by=CLOCK, at=AT, on=dt.date(2024, 7, 1))

    def annul(self, code: str, on: str) -> None:
        row = Voucher.objects.filter(status="verified").first()
        if row is not None and not self.gone:
            annulments.annul(
                row, code=VoucherReason(code), words="查实", found_by="audit", by=self.supervisor, at=AT, on=day(on)
            )

    def revoke(self, strike_off: str, on: str) -> None:
        bar = Bar.objects.filter(status="proposed").first()
        if bar is not None:
            barring.revoke(
                bar, code=RevokeReason.OTHER, words="查明", strike_off=bool(strike_off), by=self.supervisor, at=AT,
                on=day(on),
            )  # fmt: skip

    def bounce(self, _: str, on: str) -> None:
        payment = Payment.objects.latest("pk")
        if payment.status == "paid":
            self.agency.bank(payment, "returned", day(on))
            obligations.catch_up(by=CLOCK, at=AT)

    def extend(self, until: str, on: str) -> None:
        if self.gone:
            return
        with suppress(Refusal):
            obligations.extend(
                self.agency.part(), until=day(until), reason="延期", by=self.supervisor, at=AT, on=day("07-01")
            )


@pytest.fixture
def world(staff: Staff, tmp_path: Path) -> World:
    agency = Paid(staff, tmp_path).credited()
    obligations.catch_up(by=CLOCK, at=AT)
    return World(agency, Actor.of_person(person("supervisor-a", "supervisor")))


@pytest.mark.django_db
def test_any_order_of_events_keeps_the_books_clean(world: World) -> None:
    @database
    @given(STEPS)
    def any_order(steps: list[tuple[str, str, str]]) -> None:
        with undone():
            world.play(steps)
            assert offences() == []
            world.agency.sweep("2025-06-01")
            assert offences() == []
            if world.gone:
                assert not Recovery.objects.filter(status__in=OWING).exists()  # nothing is owed of money that went back
                assert world.agency.sweep("2025-06-01").findings == 0
                return
            part = world.agency.part()
            left = part.amount - part.verified - part.pending - part.returned - part.claimed
            assert left == 0 or (part.status == "excused" and left > 0)
            before = (world.agency.stands(), Finding.objects.count())
            assert world.agency.sweep("2025-06-01").findings == 0
            assert (world.agency.stands(), Finding.objects.count()) == before
            assert offences() == []

    any_order()


HANDED_IN = st.lists(
    st.one_of(
        st.tuples(st.just("voucher"), amounts, st.sampled_from(["06-28", "07-15", "08-09"])),
        st.tuples(st.just("decide"), st.sampled_from(["verified", "rejected"]), st.just("08-09")),
        st.tuples(st.just("back"), amounts, st.sampled_from(["06-28", "07-15", "08-09", "08-10"])),
    ),
    max_size=6,
)


@pytest.mark.django_db
def test_swept_late_is_swept_daily(world: World) -> None:
    @database
    @given(HANDED_IN, st.sampled_from(["08-10", "08-11", "10-31", "2026-01-01"]))
    def late(steps: list[tuple[str, str, str]], once: str) -> None:
        found = []
        for sweeps in ([once], ["08-08", "08-09", "08-10", "08-11", "10-31", "2026-01-01"]):
            with undone():
                world.play(steps)
                for as_of in sweeps:
                    world.agency.sweep(as_of)
                amounts = sorted(str(row.amount) for row in Finding.objects.all())
                found.append((world.agency.stands(), amounts))
        assert found[0] == found[1]

    late()
