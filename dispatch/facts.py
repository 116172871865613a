"""What is known when an agency applies: its unit, its judgement of the year, its bars, the hosts, the year before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from caseworks.base.notices import MONEY
from caseworks.base.sealed import lookup_hash, unseal
from caseworks.cases.enums import BarStatus
from caseworks.cases.models import Bar
from caseworks.cases.sources import Source
from caseworks.registry.models import Unit
from dispatch.enums import PartKind
from dispatch.models import LEFT, Application, RosterRow, Share
from dispatch.policy import Host, Row
from refunds.models import Assessment


@dataclass(frozen=True)
class Agency:
    """An agency in a policy year."""

    unit: Unit
    assessment: Assessment | None
    bars: tuple[Bar, ...]
    application: Application | None  # the one that stands

    @property
    def confirmed_bar(self) -> Bar | None:
        """A bar that a supervisor confirmed."""
        return next((bar for bar in self.bars if bar.status == BarStatus.CONFIRMED), None)

    @property
    def proposed_bar(self) -> Bar | None:
        """A bar that holds and waits for a decision."""
        return next((bar for bar in self.bars if bar.status == BarStatus.PROPOSED), None)


def agency(uscc: str, year: int) -> Agency | None:
    """All that is known of a unit for a year; None where there is no such unit."""
    unit = Unit.objects.filter(uscc=uscc).first()
    if unit is None:
        return None
    return Agency(
        unit,
        Assessment.objects.of_year(year).filter(uscc=uscc).first(),
        tuple(Bar.objects.filter(uscc=uscc, year=year).standing().order_by("pk")),
        Application.objects.filter(uscc=uscc, year=year).standing().select_related("case").first(),
    )


def hosts(usccs: Iterable[str]) -> dict[str, Host]:
    """What units.csv knows of these hosts."""
    found = Unit.objects.filter(uscc__in=set(usccs)).values_list("uscc", "name", "unit_type", "size")
    return {uscc: Host(name, unit_type, size) for uscc, name, unit_type, size in found}


def shares_before(uscc: str, year: int) -> tuple[Decimal, Decimal] | None:
    """Own premium and whole premium of the agency's application of the year before; None where there is none."""
    rows = Share.objects.filter(
        application__uscc=uscc, application__year=year - 1, application__status="submitted", live=True
    ).values_list("kind", "premium")
    found = list(rows)
    if not found:
        return None
    own = sum((premium for kind, premium in found if kind == PartKind.OWN), Decimal(0))
    return own, sum((premium for _, premium in found), Decimal(0))


class Missing(NamedTuple):
    """Somebody insured by the agency in the premium year who stands in no row of the roster."""

    id_no: str
    name: str
    period_from: str
    period_to: str


_MISSING = """
    SELECT i.id_hash, min(i.period_from), max(i.period_to) FROM registry_workerinsurance i
    WHERE i.uscc = %(uscc)s AND i.period_from <= %(december)s AND i.period_to >= %(january)s
      AND NOT i.id_hash = ANY(%(hashes)s::bytea[])
    GROUP BY i.id_hash ORDER BY min(i.period_from), i.id_hash LIMIT %(most)s
"""


def missing_workers(uscc: str, year: int, rows: Iterable[Row], most: int = 200) -> list[Missing]:
    """People insured by the agency in the premium year whom the roster leaves out, at most so many (J2.6)."""
    return _missing(uscc, year, [lookup_hash(id_no) for id_no in {row.id_no for row in rows}], most)


def missing_of(application: Application, most: int = 200) -> list[Missing]:
    """The same for an application as it stands."""
    hashes = RosterRow.objects.filter(application=application, version=application.version).values_list(
        "id_hash", flat=True
    )
    return _missing(application.uscc, application.year, [bytes(found) for found in hashes if found], most)


def _missing(uscc: str, year: int, hashes: list[bytes], most: int) -> list[Missing]:
    premium_year = year - 1
    with connection.cursor() as cursor:
        cursor.execute(
            _MISSING,
            {
                "uscc": uscc,
                "january": f"{premium_year}-01",
                "december": f"{premium_year}-12",
                "hashes": hashes,
                "most": most,
            },
        )
        found = cursor.fetchall()
        cursor.execute(
            "SELECT id_hash, id_no, name FROM registry_worker WHERE id_hash = ANY(%s::bytea[])",
            [[bytes(hashed) for hashed, _, _ in found]],
        )
        known = {bytes(hashed): (unseal(number), name) for hashed, number, name in cursor.fetchall()}
    return [Missing(*known.get(bytes(hashed), ("", "")), first, last) for hashed, first, last in found]


def last_day(day: date | None) -> str:
    """A licence's last day in words."""
    return "长期" if day is None else f"{day:%Y-%m-%d}"


_OVERDUE = f"""
    SELECT o.uscc AS subject, o.year || ' 年度应转付用工单位的 ' || {MONEY.format(f"sum({LEFT})")}
        || ' 元已过期限（'
        || to_char(min(o.due_on), 'YYYY-MM-DD') || '），未转付也未退回。' AS reason
    FROM dispatch_obligation o
    WHERE o.status = 'open' AND NOT o.provisional AND o.due_on < %(overdue_on)s AND {LEFT} > 0
    GROUP BY o.uscc, o.year
"""


def overdue(on: date) -> Source:
    """SQL of agencies with parts past their deadline that are neither covered by vouchers nor claimed back yet."""
    return Source(_OVERDUE, {"overdue_on": on})
