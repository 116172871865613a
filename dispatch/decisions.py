"""Deciding on vouchers: verified or rejected, once; above the amount band by two people (J2.7, J2.10, contract 3)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from caseworks.base.errors import Refusal
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column, Shape
from caseworks.base.sheets.errors import BadValue
from caseworks.law import policies
from caseworks.people.actors import Actor
from dispatch import lines, obligations, rights, telling
from dispatch.enums import VoucherReason, VoucherStatus
from dispatch.lines import Problem
from dispatch.models import Application, Obligation, Voucher
from dispatch.parameters import Parameters

_DECISIONS = {
    "verified": VoucherStatus.VERIFIED, "已核实": VoucherStatus.VERIFIED, "通过": VoucherStatus.VERIFIED,
    "rejected": VoucherStatus.REJECTED, "未通过": VoucherStatus.REJECTED, "不通过": VoucherStatus.REJECTED,
}  # fmt: skip
_REASONS = {str(label): value for value, label in VoucherReason.choices} | {v: v for v in VoucherReason.values}

_UNSAID = {VoucherStatus.REJECTED.value: "未说明原因"}


def _decision(text: str) -> str:
    try:
        return _DECISIONS[text].value
    except KeyError:
        raise BadValue("应为 verified（已核实）或 rejected（未通过）") from None


COLUMNS = (
    Column("receipt_no", ("回单号", "银行回单号"), values.text(80), required=True, identifier=True),
    Column("agency_uscc", ("派遣单位代码",), values.uscc, required=True, identifier=True),
    Column("decision", ("决定", "结论"), _decision, required=True),
    Column("decided_on", ("决定日期",), values.date, required=True, shape=Shape.DATE),
    Column("reason", ("原因", "理由"), values.text(300)),
)


@dataclass(frozen=True)
class Opinion:
    """What somebody says of a voucher: verified or rejected, on which day, and why (a code or words)."""

    decision: str
    on: dt.date
    reason: str = ""

    @property
    def code(self) -> str:
        """The coded reason, where it is one."""
        return _REASONS.get(self.reason, "") if self.decision == VoucherStatus.REJECTED else ""

    @property
    def words(self) -> str:
        """The reason in words, where it is none of the codes."""
        return "" if self.code else self.reason


@dataclass
class Outcome:
    """What became of the rows of a file."""

    read: int = 0
    decided: int = 0
    first: int = 0
    unchanged: int = 0
    refused: list[Problem] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """As the command prints it."""
        rejected = len({problem.line for problem in self.refused})
        words = f"{self.read} read, {self.decided} stored, {rejected} rejected, {self.unchanged} unchanged"
        return f"{words}, {self.first} first opinions" if self.first else words


def import_file(path: Path, *, by: Actor, at: dt.datetime) -> Outcome:
    """Decide on the vouchers of a file; a row that cannot be is told and the others are decided (contract 5)."""
    found = lines.read(path, COLUMNS)
    outcome = Outcome(read=found.count, refused=list(found.problems))
    with transaction.atomic():
        numbers = {line.values["receipt_no"] for line in found.lines}
        by_number = _locked(Voucher.objects.filter(receipt_no__in=numbers).values_list("pk", flat=True))
        bands = _Bands()
        changed: list[int] = []
        told: list[Voucher] = []
        for line in found.lines:
            got = line.values
            opinion = Opinion(got["decision"], got["decided_on"], got["reason"] or _UNSAID.get(got["decision"], ""))
            mine = [v for v in by_number.get(got["receipt_no"], ()) if v.uscc == got["agency_uscc"]]
            try:
                what = _of_one(mine, opinion, bands, by=by, at=at)
            except Refusal as refusal:
                outcome.refused.append(Problem(line.line, "receipt_no", got["receipt_no"], refusal.message))
                continue
            setattr(outcome, what, getattr(outcome, what) + 1)
            if what == "decided":
                changed += [v.obligation_id for v in mine]
                told += [v for v in mine if v.decided_at == at and v.status == VoucherStatus.REJECTED]
        obligations.tally(changed)
        telling.rejected(told, at=at)
    return outcome


def decide(voucher: Voucher, opinion: Opinion, *, by: Actor, at: dt.datetime) -> Voucher:
    """Decide on one voucher; above the amount band the first person's word waits for a second one's."""
    rights.named(by)
    with transaction.atomic():
        found = _locked([voucher.pk])
        row = next(iter(next(iter(found.values()), [])), None)
        if row is None:
            raise Refusal("凭证不存在，未作任何更改。请刷新后重试。")
        if opinion.decision == VoucherStatus.REJECTED and not opinion.reason.strip():
            raise Refusal("不通过须写明原因，未作任何更改。请选择或填写。")
        if _decided_so(row, opinion):
            return row
        if row.status != VoucherStatus.PENDING:
            raise Refusal(f"凭证 {row.receipt_no} {row.get_status_display()}，不能再作另一决定，未作任何更改。")
        _give(row, opinion, _Bands(), by=by, at=at)
        obligations.tally([row.obligation_id])
        telling.rejected([row] if row.status == VoucherStatus.REJECTED else [], at=at)
    row.refresh_from_db()
    return row


# -- pieces


class _Bands:
    """The amount from which a second person must verify, by agency and year (policy figure; None: never)."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], Decimal | None] = {}

    def of(self, voucher: Voucher) -> Decimal | None:
        key = (voucher.uscc, voucher.year)
        if key not in self._found:
            application = Application.objects.select_related("policy").get(shares__obligations=voucher.obligation_id)
            figures = policies.parameters(application.policy)
            assert isinstance(figures, Parameters)
            self._found[key] = figures.second_person_band
        return self._found[key]


def _of_one(mine: Sequence[Voucher], opinion: Opinion, bands: _Bands, *, by: Actor, at: dt.datetime) -> str:
    """Apply a row to the vouchers of its number: what became of it. The same as was decided before is unchanged."""
    if not mine:
        raise Refusal("该单位没有这个回单号的凭证")
    rights.require(by, "voucher.verify", mine[0].office_id)
    if any(_decided_so(voucher, opinion) for voucher in mine):
        return "unchanged"
    waiting = next((voucher for voucher in mine if voucher.status == VoucherStatus.PENDING), None)
    if waiting is None:
        last = mine[-1]
        raise Refusal(f"该凭证已于 {last.decided_on} 决定为{last.get_status_display()}，不能再作另一决定")
    return _give(waiting, opinion, bands, by=by, at=at)


def _decided_so(voucher: Voucher, opinion: Opinion) -> bool:
    """Was exactly this decided before? A verified one that was annulled since counts as verified then."""
    then = VoucherStatus.VERIFIED if voucher.status == VoucherStatus.ANNULLED else voucher.status
    said = voucher.reason_code or voucher.reason
    return then != VoucherStatus.PENDING and (then, voucher.decided_on, said) == (
        opinion.decision, opinion.on, opinion.code or opinion.words,
    )  # fmt: skip


def _give(row: Voucher, opinion: Opinion, bands: _Bands, *, by: Actor, at: dt.datetime) -> str:
    rights.require(by, "voucher.verify", row.office_id)
    if rights.is_agency(by, row.uscc) or (by.person is not None and by.person.pk == row.entered_by_id):
        raise Refusal("凭证不能由提交人自己核对，未作任何更改")
    band = bands.of(row)
    if band is not None and row.amount >= band and not _second(row, opinion, by):
        said = (row.first_decision, row.first_on, row.first_reason, row.first_label)
        if said == (opinion.decision, opinion.on, opinion.reason, by.label[:200]):
            return "unchanged"
        row.first_decision, row.first_reason, row.first_on = opinion.decision, opinion.reason[:300], opinion.on
        row.first_by, row.first_label, row.first_at = by.person, by.label[:200], at
        row.save(update_fields=["first_decision", "first_reason", "first_on", "first_by", "first_label", "first_at"])
        return "first"
    row.status, row.decided_on = VoucherStatus(opinion.decision), opinion.on
    row.reason_code, row.reason = opinion.code, opinion.words[:300]
    row.forged = opinion.code == VoucherReason.FORGED
    row.decided_by, row.decided_label, row.decided_at = by.person, by.label[:200], at
    row.save(
        update_fields=[
            "status", "decided_on", "reason_code", "reason", "forged", "decided_by", "decided_label", "decided_at",
        ]
    )  # fmt: skip
    return "decided"


def _second(row: Voucher, opinion: Opinion, by: Actor) -> bool:
    """Is this the second person's word, the same as the first one's?"""
    if not row.first_decision or row.first_label == by.label:
        return False
    if row.first_decision != opinion.decision:
        raise Refusal(
            f"与第一人（{row.first_label}）的意见“{VoucherStatus(row.first_decision).label}”不一致，"
            "未作任何更改。请先与第一人核对，由其更改意见"
        )
    return True


def _locked(ids: Iterable[int]) -> dict[str, list[Voucher]]:
    """These vouchers by their numbers, locked after their parts; the older ones first."""
    wanted = list(ids)
    parts = Voucher.objects.filter(pk__in=wanted).values("obligation")
    list(Obligation.objects.select_for_update().filter(pk__in=parts).order_by("pk").values_list("pk"))
    found: dict[str, list[Voucher]] = defaultdict(list)
    vouchers = Voucher.objects.select_for_update(of=("self",)).select_related("obligation__payment")
    for row in vouchers.filter(pk__in=wanted).order_by("pk"):
        found[row.receipt_no].append(row)
    return found
