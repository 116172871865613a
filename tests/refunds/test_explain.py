"""What a caseworker reads: every reason with numbers, limit and clause; every rule of the trace."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from refunds import explain
from refunds.parameters import REASONS
from refunds.policy import judge
from tests.refunds.figures import YEAR, unit, without

SENTENCES = [
    ({"unit_type": "government"}, "单位类型为机关，不在返还范围（依据 unit_type_excluded）"),
    ({"status": "revoked"}, "参保状态为吊销，不予返还（依据 not_active）"),
    (
        {"lists": "abnormal:2024-01-01;dishonest:2024-06-28"},
        "筛查日仍列入：失信惩戒（2024-06-28 列入）（依据 listed）",
    ),
    ({"months_paid": 11}, "截至上年末累计足额缴费 11 个月，少于 12 个月（依据 months_insufficient）"),
    (
        {"arrears_months": 2, "first_arrears": "2023-05"},
        "截至上年末有 2 个月欠费，最早为 2023-05（依据 in_arrears）",
    ),
    ({"premium": Decimal("-1.5")}, "上年度实缴失业保险费 -1.50 元，没有可返还的金额（依据 no_premium）"),
    (
        {"opening": 31, "closing": 29},
        "上年初缴费 31 人，年末缴费 29 人，净减员 2 人，裁员率 6.45%，高于 5.5%（依据 layoff_rate_exceeded）",
    ),
    (
        {"opening": 40, "closing": 30, "deaths": 2, "retirements": 5},
        "上年初缴费 40 人，死亡 2 人，退休 5 人，年末缴费 30 人，净减员 3 人，裁员率 7.50%，高于 5.5%"
        "（依据 layoff_rate_exceeded）",
    ),
    ({"bar": "proposed"}, "本年度申领资格已被取消（已提出，待主管决定，决定前先行生效）（依据 disqualified）"),
    (
        {"dispatch_licence": "L1"},
        "持有劳务派遣许可证（L1），须由单位主动申请，不作免申即享（依据 dispatch_must_apply）",
    ),
    ({"opening": 0}, "上年 1 月没有正常应缴人数，裁员率无法计算，须核定年初人数（依据 opening_headcount_zero）"),
    (
        {"closing": None},
        "上年初缴费 100 人，而上年 12 月没有正常应缴记录，裁员率无法判定，须核定年末人数"
        "（依据 closing_headcount_missing）",
    ),
    ({"size": ""}, "企业划型不明，返还比例无法确定，须核定划型（依据 size_unknown）"),
    ({"unit_type": "other"}, "单位类型为其他，返还比例无法确定，须核定单位类型（依据 unit_type_unclear）"),
]


@pytest.mark.parametrize(("facts", "words"), SENTENCES)
def test_a_reason_says_the_number_the_limit_and_the_clause(facts: dict[str, Any], words: str) -> None:
    assert explain.explain(unit(**facts), YEAR) == [words]


def test_a_rate_just_above_its_limit_is_not_shown_as_equal_to_it() -> None:
    assert explain.percent(Fraction(5501, 100000), Decimal("0.055")) == "5.501%"
    assert explain.percent(Fraction(2, 31), Decimal("0.055")) == "6.45%"
    assert explain.percent(Fraction(1, 32)) == "3.13%"
    assert explain.percent(Decimal("0.0550")) == "5.5%"
    assert explain.percent(Decimal("1")) == "100%"


def test_a_sentence_without_the_figures_leaves_the_clause_out() -> None:
    reason = judge(unit(months_paid=1), YEAR).reasons[0]
    assert explain.sentence(reason) == "截至上年末累计足额缴费 1 个月，少于 12 个月"


FLAGS = [
    ("dispatch_suspected", {"name": "某劳务派遣公司"}, "名称含“劳务、派遣”而没有劳务派遣许可证，请核实是否派遣单位"),
    (
        "type_conflict",
        {"uscc": "11220101MA0000000X"},
        "统一社会信用代码以 11 开头，与单位类型“企业”不符，请核实单位类型",
    ),
    ("rows_rejected", {"rejected_rows": 3}, "导入时有 3 行数据被拒且尚未改正，请先改正或说明"),
    ("paid_late", {"late_months": 2}, "上年度有 2 个月的费款在年末后 1 个月之后才到账"),
    ("account_changed", {"account_proposed": True}, "银行账户有待确认的变更，确认前不会拨付"),
    ("listed_warning", {"lists": "abnormal:2024-01-02"}, "在提示名单上：经营异常（2024-01-02 列入）"),
]


@pytest.mark.parametrize(("code", "facts", "words"), FLAGS)
def test_a_flag_says_what_it_is_about(code: str, facts: dict[str, Any], words: str) -> None:
    given = unit(**facts)
    assert code in judge(given, YEAR).flags
    assert explain.flag_sentence(code, given, YEAR) == words


def test_the_trace_has_every_rule_with_number_limit_clause_and_verdict() -> None:
    lines = {line.code: line for line in explain.trace(unit(opening=31, closing=29), YEAR)}
    assert list(lines) == list(REASONS)
    assert {line.verdict for code, line in lines.items() if code != "layoff_rate_exceeded"} == {"pass"}
    line = lines["layoff_rate_exceeded"]
    assert line.formula == "（31－0－0－29）÷ 31 = 2 ÷ 31 = 6.45%"
    assert (line.limit, line.clause, line.verdict) == ("不高于 5.5%", "依据 layoff_rate_exceeded", "fail")
    assert lines["months_insufficient"].formula == "累计足额缴费 12 个月"
    assert lines["months_insufficient"].limit == "不少于 12 个月"


def test_the_trace_names_what_was_not_judged_and_what_is_switched_off() -> None:
    missing = {line.code: line for line in explain.trace(unit(closing=None), YEAR)}
    assert missing["layoff_rate_exceeded"].verdict == "unjudged"
    assert missing["closing_headcount_missing"].verdict == "fail"
    assert missing["closing_headcount_missing"].formula == "年末 无正常应缴记录"
    zero = {line.code: line for line in explain.trace(unit(opening=0, closing=0), YEAR)}
    assert zero["layoff_rate_exceeded"].formula == "年初 0 人，不计算裁员率"
    off = {line.code: line for line in explain.trace(unit(bar="confirmed"), without("disqualified"))}
    assert off["disqualified"].verdict == "off"


def test_the_trace_of_a_small_unit_with_everything_against_it() -> None:
    given = unit(
        unit_type="government", status="revoked", lists="zombie:2024-01-01", arrears_months=1, first_arrears="2022-01",
        opening=10, closing=12, bar="confirmed", dispatch_licence="L", size="",
        determined="closing_headcount;unit_type",
    )  # fmt: skip
    lines = {line.code: (line.formula, line.limit) for line in explain.trace(given, YEAR)}
    assert lines["unit_type_excluded"] == ("单位类型：机关（人工核定）", "不为机关、事业单位")
    assert lines["not_active"] == ("参保状态：吊销", "不为注销、吊销")
    assert lines["listed"] == ("名单：僵尸企业（2024-01-01 列入）", "未列入失信惩戒、僵尸企业")
    assert lines["in_arrears"] == ("欠费 1 个月，最早 2022-01", "0 个月")
    assert lines["layoff_rate_exceeded"] == (
        "（10－0－0－12）÷ 10，未净减员，按 0 计 = 0 ÷ 10 = 0.00%", "30 人（含）以下不高于 20%",
    )  # fmt: skip
    assert lines["disqualified"] == ("取消资格：已查实", "无")
    assert lines["closing_headcount_missing"][0] == "年末 12 人（人工核定）"
    assert lines["size_unknown"] == ("企业划型：不明", "企业须有划型")


def test_the_calculation_step_by_step() -> None:
    steps = {step.title: step for step in explain.calculation(unit(premium=Decimal("12345.67")), YEAR)}
    assert steps["上年度实缴失业保险费"].value == "12,345.67 元"
    assert (steps["返还比例"].value, steps["返还比例"].clause) == ("60%", "条款 ratio_sme")
    assert steps["返还金额"].formula == "12,345.67 × 60%，四舍五入到分"
    assert steps["返还金额"].value == "7,407.40 元"
    large = explain.calculation(unit(size="large"), YEAR)[2]
    assert (large.formula, large.value, large.clause) == ("企业，划型大型", "30%", "条款 ratio_large")
    assert explain.calculation(unit(unit_type="law_firm"), YEAR)[2].clause == "条款 ratio_reference"
    assert explain.calculation(unit(size=""), YEAR)[3].formula == "返还比例未定"
    assert explain.calculation(unit(months_paid=1), YEAR)[3].formula == "不予免申即享返还"
