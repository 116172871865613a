"""contributions.csv, separations.csv, listings.csv and fund.csv."""

from __future__ import annotations

from collections.abc import Iterator

from caseworks.base.enums import ContributionKind, ListKind, SeparationReason
from caseworks.base.sheets import values
from caseworks.registry.enums import FileKind
from caseworks.registry.specs.fields import (
    ID_TYPE,
    REGION,
    UNIT_KNOWN,
    UNIT_REGION,
    USCC,
    check_id,
    choice,
    day,
    id_no,
    money,
    month,
    number,
    required,
    text,
)
from caseworks.registry.specs.shape import FileSpec, Scope, Values

OWING = frozenset({ContributionKind.NORMAL.value, ContributionKind.SUPPLEMENT.value})


def check_contribution(row: Values) -> Iterator[tuple[str, str]]:
    """`due` stands on normal and supplement only; what was paid has a day. (contract section 1)"""
    if row.get("due") and row.get("kind") is not None and row["kind"] not in OWING:
        yield "due", "只有“正常应缴”和“补收”可以有应缴金额，其他缴费类型的应缴金额应为 0，请核对缴费类型或应缴金额"
    if row.get("paid") and "paid_on" in row and row["paid_on"] is None:
        yield "paid_on", "实缴金额大于 0 时必须填写到账日期"


CONTRIBUTIONS = FileSpec(
    kind=FileKind.CONTRIBUTIONS,
    table="registry_contribution",
    fields=(
        USCC,
        required(month("period", "费款所属期")),
        required(choice("kind", "缴费类型", ContributionKind)),
        required(text("serial", "流水号", length=40)),
        required(number("headcount", "缴费人数", values.whole(999_999_999))),
        required(money("due", "应缴金额")),
        required(money("paid", "实缴金额")),
        day("paid_on", "到账日期"),
    ),
    key=("uscc", "period", "kind", "serial"),
    key_columns=("uscc", "period", "kind", "serial"),
    known=(UNIT_KNOWN,),
    check=check_contribution,
    scope=Scope("t.period", UNIT_REGION),
)

SEPARATIONS = FileSpec(
    kind=FileKind.SEPARATIONS,
    table="registry_separation",
    fields=(
        USCC,
        id_no(lands=True),
        ID_TYPE,
        required(day("separated_on", "减员日期")),
        required(choice("reason", "减员原因", SeparationReason)),
    ),
    key=("uscc", "separated_on", "id_hash"),
    key_columns=("uscc", "separated_on", "id_no"),
    known=(UNIT_KNOWN,),
    check=check_id,
    scope=Scope("to_char(t.separated_on, 'YYYY-MM')", UNIT_REGION),
)

LISTINGS = FileSpec(
    kind=FileKind.LISTINGS,
    table="registry_listing",
    fields=(
        USCC,
        required(choice("list", "名单类型", ListKind)),
        required(day("listed_on", "列入日期")),
        day("removed_on", "移出日期"),
        text("source", "来源"),
    ),
    key=("uscc", "list", "listed_on"),
    key_columns=("uscc", "list", "listed_on"),
    known=(UNIT_KNOWN,),
    scope=Scope("to_char(t.listed_on, 'YYYY-MM')", UNIT_REGION),
)

FUND = FileSpec(
    kind=FileKind.FUND,
    table="registry_fundyear",
    fields=(
        required(REGION),
        required(number("year", "年度", values.year, "smallint")),
        required(money("closing_balance", "年末滚存结余", digits=14)),
        required(money("expenditure", "全年基金支出", digits=14)),
    ),
    key=("region", "year"),
    key_columns=("region", "year"),
    scope=Scope("t.year || '-12'", "SELECT 1 WHERE starts_with(t.region, %(region)s)"),
)
