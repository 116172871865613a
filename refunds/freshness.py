"""On which files and months a screening stands, and which months look incomplete (issue: the freshness guard)."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

from caseworks.base.errors import Refusal
from caseworks.registry import partitions
from caseworks.registry.models import ImportFile
from refunds.reach import Reach

KINDS = ("units", "accounts", "contributions", "separations", "listings")
COMPLETE = 0.8  # of the median month; below it a month looks incomplete (decision 0024)
EXACT_UP_TO = 600_000  # rows; a larger year is counted by a fixed sample of its blocks
SAMPLED_ROWS = 300_000


@dataclass(frozen=True)
class Month:
    """How many normal records a month has; an estimate where the year is large."""

    period: str
    rows: int
    incomplete: bool = False


@dataclass(frozen=True)
class Freshness:
    """What a screening stands on."""

    months: tuple[Month, ...]
    estimated: bool
    files: tuple[Mapping[str, Any], ...]

    @property
    def incomplete(self) -> list[Month]:
        """The months that look incomplete."""
        return [month for month in self.months if month.incomplete]

    @property
    def warnings(self) -> list[str]:
        """In a caseworker's words."""
        return [
            f"{month.period} 正常应缴记录{'约 ' if self.estimated else ' '}{month.rows:,} 条，"
            f"不足各月中位数的 {COMPLETE:.0%}，数据可能不完整。请核对后补导入再筛查。"
            for month in self.incomplete
        ]

    def as_json(self) -> dict[str, Any]:
        """As the screening keeps it."""
        return {
            "months": [asdict(month) for month in self.months],
            "estimated": self.estimated,
            "files": list(self.files),
            "warnings": self.warnings,
        }


def guard(premium_year: int, reach: Reach) -> Freshness:
    """What there is of a premium year; Refusal where December has no row at all in the region."""
    require(premium_year, reach)
    return _measured(premium_year, reach)


def require(premium_year: int, reach: Reach) -> None:
    """Refuse where December of the premium year has no row at all in the region."""
    if premium_year not in partitions.years() or not _any_row(f"{premium_year}-12", reach):
        place = f"地区 {reach.region}" if reach.region else "全部地区"
        raise Refusal(
            f"{place}没有 {premium_year} 年 12 月的缴费记录，不能筛查：年末人数无从得知。"
            "未作任何更改。请先导入该年度的 contributions.csv。"
        )


def _any_row(period: str, reach: Reach) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT EXISTS (SELECT FROM registry_unit u WHERE {reach.sql("u")} AND EXISTS (
                SELECT FROM registry_contribution c WHERE c.uscc = u.uscc AND c.period = %(period)s))""",
            reach.parameters | {"period": period},
        )
        return bool(cursor.fetchone()[0])


def _measured(premium_year: int, reach: Reach) -> Freshness:
    table = partitions.name(premium_year)
    with connection.cursor() as cursor:
        cursor.execute("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(%s)", [table])
        rows = cursor.fetchone()[0]
        estimated = rows > EXACT_UP_TO
        share = 100 * SAMPLED_ROWS / rows if estimated else 100
        sample = f"TABLESAMPLE SYSTEM ({share:.4f}) REPEATABLE (1)" if estimated else ""
        within = f"AND EXISTS (SELECT FROM registry_unit u WHERE u.uscc = c.uscc AND {reach.sql('u')})"
        cursor.execute(
            f"""SELECT c.period, count(*) FROM {table} c {sample}
            WHERE c.kind = 'normal' {"" if reach == Reach() else within} GROUP BY c.period""",
            reach.parameters,
        )
        found = {period: round(count * 100 / share) for period, count in cursor.fetchall()}
    counts = {f"{premium_year}-{month:02d}": 0 for month in range(1, 13)} | found
    limit = statistics.median(counts.values()) * COMPLETE
    months = tuple(Month(period, count, count < limit) for period, count in sorted(counts.items()))
    return Freshness(months, estimated, tuple(_files()))


def _files() -> list[dict[str, Any]]:
    """The last finished import of every kind that a screening reads."""
    latest = (
        ImportFile.objects.filter(kind__in=KINDS, finished_at__isnull=False)
        .order_by("kind", "-finished_at")
        .distinct("kind")
    )
    found = {row.kind: row for row in latest}
    return [
        {
            "kind": kind,
            "name": found[kind].name,
            "sha256": found[kind].sha256,
            "stored": found[kind].stored,
            "at": found[kind].finished_at.isoformat(timespec="seconds"),  # type: ignore[union-attr]
        }
        for kind in KINDS
        if kind in found
    ]
