"""The rules of the roster and the split, as a table that a colleague can check by eye (J2.3–J2.6, contract 3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dispatch.policy import (
    Frame,
    Host,
    Part,
    Row,
    looks_public,
    manual_reasons,
    own_share_rose,
    problems_of,
    short_of,
    split,
    total,
)

A, B = "91220102XNQNQPW14U", "91220184XNU75FL159"
EXCLUDED = ("government", "public_institution")


def row(line: int = 2, form: str = "own", host: str = "", months: str = "01-12", **more: Any) -> Row:
    first, last = months.split("..") if ".." in months else [f"2023-{month}" for month in months.split("-")]
    given = {
        "id_type": "resident_id", "id_no": "P1", "name": "甲", "host_name": "用工" if host else "",
        "host_type": "enterprise" if host else "", "premium": Decimal("100.00"),
    }  # fmt: skip
    return Row(line=line, form=form, host_uscc=host, period_from=first, period_to=last, **{**given, **more})


# J2.6, J2.3: rows, the licence's last day, and what is named: (line, column)
RULES: dict[str, tuple[list[Row], str, list[tuple[int, str]]]] = {
    "the whole year": ([row()], "", []),
    "from December of the year before": ([row(months="2022-12..2023-12")], "", [(2, "period_from")]),
    "into January of the year after": ([row(months="2023-01..2024-01")], "", [(2, "period_to")]),
    "backwards": ([row(months="05-04")], "", [(2, "period_to")]),
    "dispatched without a host": ([row(form="dispatched")], "", [(2, "host_uscc")]),
    "dispatched without the host's type": ([row(form="dispatched", host=A, host_type="")], "", [(2, "host_type")]),
    "outsourced without a client": ([row(form="outsourced")], "", []),
    "one host, one type, twice": (
        [row(2, "dispatched", A, "01-06"), row(3, "dispatched", A, "07-12")], "", [],
    ),
    "one host, two types": (
        [row(2, "dispatched", A, "01-06"), row(3, "dispatched", A, "07-12", host_type="government")],
        "", [(3, "host_type")],
    ),
    "one host, two types, of two people": (
        [row(2, "dispatched", A), row(3, "outsourced", A, id_no="P2", host_type="government")],
        "", [(3, "host_type")],
    ),
    "changed hosts in June": ([row(2, "dispatched", A, "01-05"), row(3, "dispatched", B, "06-12")], "", []),
    "twice in June": (
        [row(2, "dispatched", A, "01-06"), row(3, "dispatched", B, "06-12")], "", [(3, "id_no")],
    ),
    "own and dispatched in one month": (
        [row(2, months="01-12"), row(3, "dispatched", A, "12-12")], "", [(3, "id_no")],
    ),
    "two people in one month": ([row(2), row(3, id_no="P2")], "", []),
    "dispatched in the month in which the licence ended": (
        [row(form="dispatched", host=A, months="01-06")], "2023-06-01", [],
    ),
    "dispatched in the month after": (
        [row(form="dispatched", host=A, months="01-07")], "2023-06-30", [(2, "period_to")],
    ),
    "own in the month after": ([row(months="01-12")], "2023-06-30", []),
    "everything that is wrong is named": (
        [row(2, months="2022-12..2023-12"), row(3, "dispatched", id_no="P2"), row(4, id_no="P2", months="05-04")],
        "", [(2, "period_from"), (3, "host_uscc"), (4, "period_to")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", RULES)
def test_the_rules_of_the_roster(what: str) -> None:
    rows, until, expected = RULES[what]
    frame = Frame(2023, dt.date.fromisoformat(until) if until else None)
    assert [(wrong.line, wrong.column) for wrong in problems_of(rows, frame)] == expected


@pytest.mark.parametrize(("premium", "off"), [("200.00", "0.00"), ("200.01", "-0.01"), ("199.99", "0.01")])
def test_the_sum_to_the_cent(premium: str, off: str) -> None:
    assert short_of([row(2), row(3)], Decimal(premium)) == Decimal(off)


# J2.3–J2.5: form, host's type in the roster, what units.csv knows → kind, host
SPLIT: dict[str, tuple[str, str, Host | None, tuple[str, str]]] = {
    "own": ("own", "", None, ("own", "")),
    "outsourced at a company is the agency's own": ("outsourced", "enterprise", None, ("own", "")),
    "outsourced at an organ is the agency's own": ("outsourced", "government", None, ("own", "")),
    "dispatched to a company": ("dispatched", "enterprise", None, ("host", A)),
    "dispatched to a social organisation": ("dispatched", "social_organization", None, ("host", A)),
    "dispatched to an organ": ("dispatched", "government", None, ("excluded", A)),
    "dispatched to a public institution": ("dispatched", "public_institution", None, ("excluded", A)),
    "an organ by units.csv": ("dispatched", "enterprise", Host("某局", "government", ""), ("excluded", A)),
    "a company by units.csv": ("dispatched", "government", Host("某公司", "enterprise", "small"), ("host", A)),
    "insured through the agency only": ("other", "enterprise", None, ("excluded", "")),
}


@pytest.mark.parametrize("what", SPLIT)
def test_who_gets_a_row(what: str) -> None:
    form, host_type, known, expected = SPLIT[what]
    rows = [row(form=form, host=A if host_type else "", host_type=host_type)]
    hosts = {A: known} if known else {}
    (part,) = split(rows, hosts=hosts, excluded_types=EXCLUDED, ratio_of=lambda *_: Decimal("0.6"))
    assert (part.kind, part.host_uscc) == expected
    assert part.amount == (Decimal("0.00") if part.kind == "excluded" else Decimal("60.00"))


@pytest.mark.parametrize(
    ("premium", "ratio", "amount"),
    [
        ("0.01", "0.3", "0.00"),
        ("0.05", "0.3", "0.02"),
        ("10.15", "0.3", "3.05"),
        ("0.00", "0.6", "0.00"),
        ("1.25", "0.6", "0.75"),
    ],
)
def test_each_part_is_rounded_half_up(premium: str, ratio: str, amount: str) -> None:
    (part,) = split([row(premium=Decimal(premium))], hosts={}, excluded_types=(), ratio_of=lambda *_: Decimal(ratio))
    assert str(part.amount) == amount


def test_the_amount_is_the_sum_of_rounded_parts() -> None:
    rows = [row(n, "dispatched", host, premium=Decimal("0.05")) for n, host in enumerate((A, B), 2)]
    parts = split(rows, hosts={}, excluded_types=(), ratio_of=lambda *_: Decimal("0.3"))
    assert total(parts) == Decimal("0.04")


def test_an_unknown_ratio_is_no_ratio() -> None:
    (part,) = split([row(form="dispatched", host=A)], hosts={}, excluded_types=(), ratio_of=lambda *_: None)
    assert part == Part("host", A, "用工", "enterprise", "enterprise", 1, Decimal("100.00"), None, Decimal("0.00"))


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("长春市教育局", True), ("某某市第一人民医院", True), ("示例镇人民政府", True), ("长春示例学校后勤服务有限公司", False),
        ("长春示例商贸有限公司", False), ("", False),
    ],
)  # fmt: skip
def test_names_that_look_like_an_organ(name: str, public: bool) -> None:
    assert looks_public(name) is public


@pytest.mark.parametrize(
    ("own", "before", "rose"), [("50", "30", False), ("50.01", "30", True), ("51", "30", True), ("20", "30", False)]
)
def test_the_own_share_rises_by_more_than_the_figure(own: str, before: str, rose: bool) -> None:
    whole, rise = Decimal(100), Decimal("0.2")
    assert own_share_rose(Decimal(own), whole, Decimal(before), whole, rise) is rose
    assert not own_share_rose(Decimal(own), whole, Decimal(0), Decimal(0), rise)


@pytest.mark.parametrize(
    ("opening", "closing", "status", "expected"),
    [
        (0, 5, "active", ["opening_headcount_zero"]), (0, None, "active", ["opening_headcount_zero"]),
        (5, None, "active", ["closing_headcount_missing"]), (5, None, "suspended", []), (5, 0, "active", []),
    ],
)  # fmt: skip
def test_manual_reasons_that_let_the_agency_apply(
    opening: int, closing: int | None, status: str, expected: list[str]
) -> None:
    assert manual_reasons(opening, closing, status) == expected
