"""What is looked at before an application is taken: the agency itself, its roster, the parts it makes, the signs.

`look` writes nothing: a page shows what it finds before anybody submits (J2.2–J2.6, contract 3).
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from caseworks.base.errors import Refusal
from caseworks.base.money import thousands
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.registry.models import Unit
from dispatch import facts, policy, rosters
from dispatch.enums import Flag, Form, PartKind
from dispatch.facts import Agency, Missing
from dispatch.lines import Problem
from dispatch.parameters import Parameters
from dispatch.policy import Frame, Host, Part, RatioOf, Row
from refunds.enums import Flag as RefundFlag
from refunds.models import Assessment
from refunds.parameters import REASONS
from refunds.parameters import Parameters as RefundParameters

NAMED = 500  # so many findings are told in full in a refusal; of the rest the rows are named


@dataclass(frozen=True)
class Ground:
    """On what an application stands: the agency, its judgement, the policy rows and their figures."""

    agency: Agency
    assessment: Assessment
    policy: Policy
    parameters: Parameters
    refund_policy: Policy
    refund_parameters: RefundParameters
    ratio: Decimal
    manual: tuple[str, ...]

    @property
    def year(self) -> int:
        """The policy year."""
        return self.policy.year

    @property
    def unit(self) -> Unit:
        """The agency's unit."""
        return self.agency.unit

    @property
    def frame(self) -> Frame:
        """What the rows of a roster are held against."""
        return Frame(self.year - 1, self.unit.dispatch_licence_until)

    def ratio_of(self, hosts: Mapping[str, Host], settled: Mapping[str, str]) -> RatioOf:
        """The ratio of a part: by the agency's size, or by that of a host as units.csv (or a clerk) knows it."""

        def of(uscc: str, host_type: str) -> Decimal | None:
            if not uscc or self.parameters.dispatch_ratio_basis == "agency":
                return self.ratio
            size = hosts[uscc].size if uscc in hosts else ""
            return self.refund_parameters.ratio(host_type, settled.get(uscc, size))

        return of


@dataclass(frozen=True)
class Looked:
    """What a roster holds and what comes of it; `problems` and `difference` keep it from being taken."""

    ground: Ground
    rows: Sequence[Row]
    count: int
    sha256: str
    problems: Sequence[Problem]
    notices: Sequence[str]
    difference: Decimal  # what the rows are above the ledger's premium; 0 where rows are wrong
    parts: Sequence[Part]
    signs: Mapping[str, list[str]]
    missing: Sequence[Missing]

    @property
    def takes(self) -> bool:
        """May it be submitted as it is?"""
        return not self.problems and not self.difference

    @property
    def amount(self) -> Decimal:
        """The sum of the parts."""
        return policy.total(self.parts)

    def part_amount(self, kind: str) -> Decimal:
        """The sum of the parts of a kind."""
        return policy.total(part for part in self.parts if part.kind == kind)

    @property
    def undetermined(self) -> int:
        """Parts whose ratio a clerk must settle first."""
        return sum(part.ratio is None and part.kind != PartKind.EXCLUDED for part in self.parts)

    @property
    def flags(self) -> list[str]:
        """The flags of the case, in their order."""
        own = [flag.value for flag in Flag if flag.value in self.signs]
        return own + [flag for flag in self.ground.assessment.flags if flag in RefundFlag.values]

    def refuse(self) -> None:
        """Refusal naming every bad row, or the difference to the ledger."""
        if self.problems:
            rows = len({problem.line for problem in self.problems})
            told = [problem.words for problem in self.problems[:NAMED]]
            rest = sorted({problem.line for problem in self.problems[NAMED:]})
            if rest:
                told.append("其余不符合要求的行：" + "、".join(f"第 {number} 行" for number in rest))
            raise Refusal(f"名册有 {rows} 行不符合要求，整份申请没有受理，未作任何更改。请改正后重新提交：", told)
        if self.difference:
            premium = self.ground.assessment.premium
            more = "多" if self.difference > 0 else "少"
            raise Refusal(
                f"名册实缴合计 {thousands(premium + self.difference)} 元，比该单位上年度实缴失业保险费 "
                f"{thousands(premium)} 元{more} {thousands(abs(self.difference))} 元，整份申请没有受理，未作任何更改。"
                "请核对名册。"
            )


def ground(uscc: str, year: int, on: datetime.date, *, resumed: bool = False) -> Ground:
    """On what an application of this agency would stand on a day; Refusal where it may not apply.

    `resumed`: it was handed in before and sent back, so neither it nor the policy's last day stands in the way.
    """
    agency = facts.agency(uscc, year)
    if agency is None:
        raise Refusal(f"{uscc} 不在参保单位中，申请没有受理，未作任何更改。请核对代码。")
    unit, assessment = agency.unit, agency.assessment
    if not unit.dispatch_licence:
        raise Refusal(f"{unit.name}没有劳务派遣许可证号，不必申请（免申即享），申请没有受理，未作任何更改。")
    if agency.application is not None and agency.application.status != "draft" and not resumed:
        before = agency.application
        raise Refusal(
            f"{unit.name}已于 {before.applied_on} 申请 {year} 年度返还（{before.get_status_display()}），"
            "申请没有受理，未作任何更改。"
        )
    if assessment is None:
        raise Refusal(f"{unit.name}没有 {year} 年度的筛查结果，申请没有受理，未作任何更改。请待筛查后再申请。")
    row = policies.for_screening("dispatch", year, unit.region, on)
    if row.effective_to is not None and on > row.effective_to and not resumed:
        raise Refusal(f"{year} 年度政策的申请已于 {row.effective_to} 截止，{on} 的申请没有受理，未作任何更改。")
    _refuse_barred(agency, year)
    _refuse_ineligible(agency, assessment)
    refund_row = Policy.objects.prefetch_related("figures").get(pk=assessment.policy_id)
    parameters, refund_parameters = policies.parameters(row), policies.parameters(refund_row)
    assert isinstance(parameters, Parameters)
    assert isinstance(refund_parameters, RefundParameters)
    ratio = assessment.ratio
    if ratio is None:
        raise Refusal(
            f"{unit.name}的{'企业划型' if assessment.unit_type == 'enterprise' else '单位类型'}不明，返还比例无法确定，"
            "申请没有受理，未作任何更改。请先由经办机构核定。"
        )
    manual = policy.manual_reasons(assessment.opening_headcount, assessment.closing_headcount, assessment.status)
    return Ground(agency, assessment, row, parameters, refund_row, refund_parameters, ratio, tuple(manual))


def _refuse_barred(agency: Agency, year: int) -> None:
    bar = agency.confirmed_bar
    if bar is not None:
        number = f"（{bar.decision_no}）" if bar.decision_no else ""
        raise Refusal(
            f"{agency.unit.name}已被取消 {year} 年度申领资格{number}，申请没有受理，未作任何更改。"
            f"事由：{bar.reason}。取消期至 {year} 年 12 月 31 日。"
        )


def _refuse_ineligible(agency: Agency, assessment: Assessment) -> None:
    """不符合申领条件; `disqualified` alone, of a bar that is proposed or was revoked since, aside. (contract 3)"""
    if assessment.outcome != "ineligible" or assessment.reasons == ["disqualified"]:
        return
    words = [f"{REASONS[code]}（{code}）" for code in assessment.reasons]
    raise Refusal(
        f"{agency.unit.name} {assessment.year} 年度筛查结果为不符合条件：{'、'.join(words)}。申请没有受理，未作任何更改。"
    )


def look(
    path: Path,
    *,
    uscc: str,
    year: int,
    on: datetime.date,
    resumed: bool = False,
    tell: Callable[[int], None] | None = None,
) -> Looked:
    """Read and check a roster, and split it; nothing is written. Refusal where the agency may not apply at all."""
    stands_on = ground(uscc, year, on, resumed=resumed)
    roster = rosters.read(path, tell)
    return judged(stands_on, roster.rows, roster.problems, count=roster.count, sha256=roster.sha256,
                  notices=roster.notices)  # fmt: skip


def judged(
    stands_on: Ground,
    rows: Sequence[Row],
    problems: Sequence[Problem] = (),
    *,
    count: int | None = None,
    sha256: str = "",
    notices: Sequence[str] = (),
    settled: Mapping[str, str] | None = None,
) -> Looked:
    """Rows held against the rules and split; `settled` are sizes of hosts that a clerk has settled."""
    lines = {row.line: row for row in rows}
    found = [
        *problems,
        *(Problem(w.line, w.column, rosters.cell(lines[w.line], w.column), w.reason)
          for w in policy.problems_of(rows, stands_on.frame)),
    ]  # fmt: skip
    found.sort()
    counted = len(rows) if count is None else count
    if found:
        return Looked(stands_on, rows, counted, sha256, found, notices, Decimal(0), (), {}, ())
    hosts = facts.hosts(row.host_uscc for row in rows if row.host_uscc)
    parts = policy.split(
        rows,
        hosts=hosts,
        excluded_types=stands_on.parameters.excluded_host_types,
        ratio_of=stands_on.ratio_of(hosts, settled or {}),
    )
    missing = facts.missing_workers(stands_on.unit.uscc, stands_on.year, rows)
    signs = _signs(stands_on, rows, parts, missing, settled or {})
    difference = policy.short_of(rows, stands_on.assessment.premium)
    return Looked(stands_on, rows, counted, sha256, (), notices, difference, parts, signs, missing)


# -- signs


def _signs(
    stands_on: Ground, rows: Sequence[Row], parts: Sequence[Part], missing: Sequence[Missing],
    settled: Mapping[str, str],
) -> dict[str, list[str]]:  # fmt: skip
    """What a clerk should look at: flag → words. (contract 3, issue: never decided by the machine)"""
    signs: dict[str, list[str]] = defaultdict(list)
    _signs_of_hosts(stands_on, parts, signs)
    hosts = {part.host_uscc for part in parts if part.kind == PartKind.HOST}
    clients = {row.host_uscc for row in rows if row.form == Form.OUTSOURCED and row.host_uscc in hosts}
    signs_of = {part.host_uscc: part for part in parts}
    for uscc in sorted(clients):
        signs[Flag.CLIENT_IS_HOST].append(f"{signs_of[uscc].host_name or uscc}既是用工单位又是外包发包方")
    _sign_of_own_share(stands_on, parts, signs)
    if missing:
        signs[Flag.WORKERS_MISSING].append(f"上年度有 {len(missing)} 名参保人员不在名册内")
    for uscc, size in sorted(settled.items()):
        signs[Flag.HOST_SETTLED].append(f"{uscc} 划型由人工核定为 {size}")
    bar = stands_on.agency.proposed_bar
    if bar is not None:
        signs[Flag.BAR_PROPOSED].append(bar.reason)
    signs_manual = [policy.MANUAL[code] for code in stands_on.manual]
    if signs_manual:
        signs[Flag.MANUAL_REASON] += signs_manual
    return {str(flag): words for flag, words in signs.items()}


def _signs_of_hosts(stands_on: Ground, parts: Iterable[Part], signs: dict[str, list[str]]) -> None:
    excluded = stands_on.parameters.excluded_host_types
    for part in parts:
        if not part.host_uscc:
            continue
        name = part.host_name or part.host_uscc
        if part.roster_type != part.host_type:
            signs[Flag.HOST_TYPE_DIFFERS].append(f"{name}：名册填 {part.roster_type}，登记为 {part.host_type}")
        public = policy.looks_public(part.host_name) or part.host_uscc.startswith(("11", "12"))
        if part.host_type not in excluded and public:
            signs[Flag.HOST_LOOKS_PUBLIC].append(f"{name}（{part.host_uscc}）")
        if part.host_uscc == stands_on.unit.uscc:
            signs[Flag.HOST_IS_AGENCY].append(name)


def _sign_of_own_share(stands_on: Ground, parts: Sequence[Part], signs: dict[str, list[str]]) -> None:
    before = facts.shares_before(stands_on.unit.uscc, stands_on.year)
    if before is None:
        return
    own = sum((part.premium for part in parts if part.kind == PartKind.OWN), Decimal(0))
    whole = sum((part.premium for part in parts), Decimal(0))
    if policy.own_share_rose(own, whole, *before, stands_on.parameters.own_share_rise):
        signs[Flag.OWN_SHARE_UP].append(f"自有部分占 {own / whole:.1%}，上年 {before[0] / before[1]:.1%}")
