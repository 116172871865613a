"""The refund's results as a file (contract, 5): UTF-8 with BOM, sorted by USCC, money with two decimals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from caseworks.base.errors import Refusal
from caseworks.base.sheets.writing import write_csv
from refunds.models import Assessment, AssessmentQuerySet

SCREENED = "screened"  # the status of a judgement of which no case was opened yet
HEADER = (
    "uscc", "outcome", "reasons", "months_paid", "opening_headcount", "closing_headcount", "deaths", "retirements",
    "net_reduction", "layoff_rate", "premium", "ratio", "amount", "status",
)  # fmt: skip


def ratio_text(ratio: Decimal | None) -> str:
    """Two decimals, or as many as the policy row has: 0.60, 0.375; blank where it is unknown."""
    if ratio is None:
        return ""
    return f"{ratio:.2f}" if ratio == round(ratio, 2) else format(ratio.normalize(), "f")


def rows(assessments: AssessmentQuerySet) -> Iterator[tuple[str, ...]]:
    """The rows of the export; a closing headcount that is missing is shown as 0 (contract, 2)."""
    columns = (*HEADER[:-1], "case__status")
    for (
        uscc, outcome, reasons, months, opening, closing, deaths, retired, net, rate, premium, ratio, amount, status,
    ) in assessments.order_by("uscc").values_list(*columns).iterator(chunk_size=5000):  # fmt: skip
        yield (
            uscc, outcome, ";".join(reasons), str(months), str(opening), str(closing or 0), str(deaths),
            str(retired), "" if net is None else str(net), "" if rate is None else f"{rate:.4f}", f"{premium:.2f}",
            ratio_text(ratio), f"{amount:.2f}", status or SCREENED,
        )  # fmt: skip


def write_refunds(year: int, path: Path) -> int:
    """Write the judgements of a policy year and tell how many there are."""
    found = Assessment.objects.of_year(year)
    if not found.exists():
        raise Refusal(f"{year} 年度尚无筛查结果，没有写出文件。请先运行 screen_refunds {year}。")
    return write_csv(path, HEADER, rows(found), for_people=False)
