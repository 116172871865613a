"""The second check, right before payment (N6.5, N5.2).

State, listings, bars, what is owed to the fund, obstacles of any scheme, a payment made already, the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Max
from django.utils import timezone

from caseworks.base.enums import AccountKind, ListKind
from caseworks.base.errors import Refusal
from caseworks.cases.enums import HoldKind
from caseworks.cases.holds import Held
from caseworks.law.models import Policy
from caseworks.law.training import is_training, require_training
from caseworks.money import doubles, facts, recoveries
from caseworks.money.facts import Figures, Payee
from caseworks.registry.models import ImportFile
from caseworks.registry.names import name_key

LOOKED_FOR = (
    HoldKind.NOT_ACTIVE,
    HoldKind.LISTED,
    HoldKind.BAR,
    HoldKind.OBSTACLE,
    HoldKind.ACCOUNT_MISSING,
    HoldKind.ACCOUNT_PROPOSED,
    HoldKind.ACCOUNT_DOUBTFUL,
    HoldKind.ACCOUNT_UNDECLARED,
)
STANDING, PAID_ALREADY = "standing", "paid_already"  # keep a line back without a hold of their own
UNDECLARED = "只有缴税账户，尚未声明没有对公账户：请单位声明，由经办登记、另一人确认（N5.2），或补充对公账户。"
COMPARED = {"units": "参保单位（units.csv）", "listings": "名单（listings.csv）"}
COMPARED_OF_PERSONS = {
    "workers": "参保职工（workers.csv）",
    "training_subsidies": "职业培训补贴（training_subsidies.csv）",
}


@dataclass(frozen=True)
class Checked:
    """The payees of a check, what keeps which from being paid, and the policy rows with their figures."""

    payees: list[Payee]
    problems: dict[int, list[Held]]
    rows: dict[int, tuple[Policy, Figures]]

    @property
    def payable(self) -> list[Payee]:
        """Those that nothing keeps."""
        return [payee for payee in self.payees if payee.case not in self.problems]

    @property
    def placed(self) -> list[Held]:
        """What is to be held because of this check; other holds stand already."""
        return [held for rows in self.problems.values() for held in rows if held.kind in LOOKED_FOR]


def run(
    scheme: str, year: int, ids: list[int], *, on: date, own: Iterable[int] = (), as_of: date | None = None
) -> Checked:
    """Check these cases on a day; Refusal where the data is older than the policy row allows.

    A rehearsal looks at the lists as of the day of its reviews (contract 5); on a training database only.
    """
    if as_of is not None:
        require_training()
    payees = facts.source(scheme, year)
    rows = facts.figures(payees, ids)
    _fresh(rows, on, COMPARED_OF_PERSONS if payees.persons else COMPARED)
    found = facts.of(ids, payees, rows, on=as_of or on, ours=[str(kind) for kind in LOOKED_FOR], own=list(own))
    waits = facts.obstacles(ids, as_of or on, recoveries.obstacles())
    seconds = doubles.of(scheme, ids)
    problems = {payee.case: [*_of(payee, seconds), *_obstacles(payee, waits)] for payee in found}
    return Checked(found, {case: held for case, held in problems.items() if held}, rows)


def _of(payee: Payee, seconds: Mapping[int, str]) -> Iterable[Held]:
    if payee.held:
        yield Held(payee.case, STANDING, payee.held)
    if payee.twice:
        yield Held(payee.case, PAID_ALREADY, "本年度已有一笔支付在途或已到账。")
    elif payee.case in seconds:
        yield Held(payee.case, PAID_ALREADY, seconds[payee.case])
    yield from _problems_of_a_person(payee) if payee.person else _problems(payee)


def _problems_of_a_person(payee: Payee) -> Iterable[Held]:
    """A person is paid to the social-security card, once its financial function is active. (N5.4)"""
    if payee.policy is None or payee.unit_name is None:
        yield Held(payee.case, HoldKind.NOT_ACTIVE, "没有核定结果或参保人员信息，无从核对。")
        return
    if payee.inactive:
        yield Held(payee.case, HoldKind.NOT_ACTIVE, "有死亡减员记录，请核实后处理。")
    if not payee.account_kind:
        yield Held(payee.case, HoldKind.ACCOUNT_MISSING, "没有社会保障卡账户，请本人办卡后补充。")
    elif payee.account is None:
        yield Held(payee.case, HoldKind.ACCOUNT_MISSING, "社会保障卡金融功能未激活，请本人到发卡银行激活。")


def _problems(payee: Payee) -> Iterable[Held]:
    if payee.policy is None or payee.unit_name is None:
        yield Held(payee.case, HoldKind.NOT_ACTIVE, "没有核算结果或参保登记，无从核对。")
        return
    if payee.inactive:
        yield Held(payee.case, HoldKind.NOT_ACTIVE, "参保状态已注销或吊销。")
    if payee.lists:
        names = "、".join(ListKind(code).label for code in payee.lists.split(";"))
        yield Held(payee.case, HoldKind.LISTED, f"已列入{names}名单。")
    if payee.barred:
        yield Held(payee.case, HoldKind.BAR, "已被取消或拟取消本年度申领资格。")
    if payee.proposed:
        yield Held(payee.case, HoldKind.ACCOUNT_PROPOSED, "账户变更待另一人确认，确认后再支付。")
    elif payee.undeclared:
        yield Held(payee.case, HoldKind.ACCOUNT_UNDECLARED, UNDECLARED)
    elif payee.account is None:
        yield Held(
            payee.case, HoldKind.ACCOUNT_MISSING, "没有可用的收款账户（缴税账户仅限小微企业和个体工商户），请单位补充。"
        )
    elif payee.account_kind == AccountKind.CORPORATE and not _same(payee.account_name, payee.unit_name):
        yield Held(payee.case, HoldKind.ACCOUNT_DOUBTFUL, f"对公账户户名“{payee.account_name}”与单位名称不符，请核对。")


def _obstacles(payee: Payee, waits: Mapping[int, list[str]]) -> Iterable[Held]:
    if payee.case in waits:
        yield Held(payee.case, HoldKind.OBSTACLE, "；".join(waits[payee.case]))


def _same(one: str, other: str) -> bool:
    return one == other or name_key(one) == name_key(other)


def _fresh(rows: dict[int, tuple[Policy, Figures]], on: date, compared: Mapping[str, str]) -> None:
    """The data compared with must be as fresh as asked. A training database dates its steps by itself."""
    if not rows or is_training():
        return
    days = min(figures.data_age_days for _, figures in rows.values())
    earliest = on - timedelta(days=days)
    latest = dict(
        ImportFile.objects.filter(kind__in=compared, finished_at__isnull=False)
        .values_list("kind")
        .annotate(last=Max("finished_at"))
        .order_by("kind")
    )
    old = []
    for kind, label in compared.items():
        at = latest.get(kind)
        if at is None:
            old.append(f"{label}：从未导入")
        elif timezone.localdate(at) < earliest:
            old.append(f"{label}：{timezone.localdate(at)} 导入")
    if old:
        raise Refusal(
            f"拨付前核对的数据须在 {days} 天之内导入（{earliest} 或之后），未作任何更改。请先导入最新数据：", old
        )
