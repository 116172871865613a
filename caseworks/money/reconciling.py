"""月度对账: what stands on one side alone is settled in words, and a month is handed over by one and closed by another.

Our side is the movements of a city's account, the bank's side the lines of its statements. (N6.2)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.base.money import ZERO
from caseworks.law.training import is_training
from caseworks.money import statements
from caseworks.money.enums import MatchedBy, MonthStatus
from caseworks.money.models import Match, Movement, MovementNote, ReconciledMonth, StatementLine
from caseworks.people.actors import Actor
from caseworks.people.models import Office

UNCHANGED = "未作任何更改。"


@dataclass(frozen=True)
class Figures:
    """A month of an account on both sides; amounts as movements are: out positive, in negative."""

    ours_count: int
    ours: Decimal
    ours_apart: Decimal
    ours_open: int
    banks_count: int
    banks: Decimal
    banks_apart: Decimal
    banks_open: int

    @property
    def difference(self) -> Decimal:
        """Ours less the bank's."""
        return self.ours - self.banks

    @property
    def open(self) -> int:
        """How much nobody has explained."""
        return self.ours_open + self.banks_open

    @property
    def balances(self) -> bool:
        """What is apart explains the difference."""
        return self.ours - self.ours_apart == self.banks - self.banks_apart


# What stands apart: in no line of this month (a line of another month, or nowhere), in no movement of this month.
_FIGURES = """
    WITH ours AS (
        SELECT m.id, m.amount, l.month AS told, n.id IS NOT NULL AS noted
        FROM money_movement m
        LEFT JOIN money_payment p ON p.id = m.payment_id
        LEFT JOIN money_repayment r ON r.id = m.repayment_id
        LEFT JOIN money_recovery v ON v.id = r.recovery_id
        LEFT JOIN money_match x ON x.movement_id = m.id
        LEFT JOIN money_statementline l ON l.id = x.line_id
        LEFT JOIN money_movementnote n ON n.movement_id = m.id
        WHERE coalesce(p.city_office_id, v.city_office_id) = %(office)s AND m."on" BETWEEN %(first)s AND %(last)s
    ), banks AS (
        SELECT l.id, l.amount, l.settled_at IS NOT NULL AS settled, count(x.id) AS held,
               coalesce(sum(m.amount) FILTER (WHERE m."on" BETWEEN %(first)s AND %(last)s), 0) AS here
        FROM money_statementline l
        LEFT JOIN money_match x ON x.line_id = l.id
        LEFT JOIN money_movement m ON m.id = x.movement_id
        WHERE l.office_id = %(office)s AND l.month = %(month)s GROUP BY l.id
    )
    SELECT o.*, b.* FROM (
        SELECT count(*), coalesce(sum(amount), 0),
               coalesce(sum(amount) FILTER (WHERE told IS DISTINCT FROM %(month)s), 0),
               count(*) FILTER (WHERE told IS NULL AND NOT noted) FROM ours
    ) o, (
        SELECT count(*), coalesce(sum(amount), 0), coalesce(sum(amount - here), 0),
               count(*) FILTER (WHERE held = 0 AND NOT settled) FROM banks
    ) b
"""


def days_of(month: str) -> tuple[date, date]:
    """The first and the last day of a month, YYYY-MM."""
    first = date.fromisoformat(f"{month}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def figures(office: Office, month: str) -> Figures:
    """Both sides of a month as they stand."""
    first, last = days_of(month)
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"office": office.pk, "month": month, "first": first, "last": last})
        return Figures(*cursor.fetchone())


def settle_line(line: StatementLine, *, because: str, by: Actor, at: datetime) -> StatementLine:
    """A line that no movement of ours stands for, explained: interest, a fee, a transfer between accounts."""
    because = _words(because)
    with transaction.atomic():
        office = statements.lock(line.office, by)
        taken = StatementLine.objects.select_for_update(of=("self",)).get(pk=line.pk)
        _month_open(office, taken.month)
        if taken.settled_at is not None or taken.matches.exists():
            raise Refusal(f"该笔已勾对或已核实，{UNCHANGED}请刷新后查看。")
        taken.settled_because, taken.settled_by, taken.settled_label, taken.settled_at = (
            because,
            by.person,
            by.label,
            at,
        )
        taken.save(update_fields=["settled_because", "settled_by", "settled_label", "settled_at"])
    return taken


def settle_movement(movement: Movement, office: Office, *, because: str, by: Actor, at: datetime) -> MovementNote:
    """A movement that no statement holds yet, explained; a later statement may still hold it."""
    because = _words(because)
    try:
        with transaction.atomic():
            taken = statements.lock(office, by)
            row = Movement.objects.of_pool(taken).filter(pk=movement.pk).open().first()
            if row is None:
                raise Refusal(f"该笔已勾对或已核实，{UNCHANGED}请刷新后查看。")
            _month_open(taken, f"{row.on:%Y-%m}")
            return MovementNote.objects.create(movement=row, because=because, person=by.person, label=by.label, at=at)
    except IntegrityError as problem:
        raise Refusal(f"该笔刚由他人核实，{UNCHANGED}请刷新后查看。") from problem


def match_by_hand(line: StatementLine, movements: Iterable[int], *, by: Actor, at: datetime) -> int:
    """A person says that a line holds these movements; their sum must be the line's, to the cent."""
    wanted = sorted(set(movements))
    with transaction.atomic():
        office = statements.lock(line.office, by)
        taken = StatementLine.objects.select_for_update(of=("self",)).get(pk=line.pk)
        _month_open(office, taken.month)
        if taken.settled_at is not None or taken.matches.exists():
            raise Refusal(f"该笔对账单明细已勾对或已核实，{UNCHANGED}请刷新后查看。")
        rows = list(Movement.objects.of_pool(office).filter(pk__in=wanted, match__isnull=True).order_by("pk"))
        if not rows or len(rows) != len(wanted):
            raise Refusal(f"没有选中流水，或其中有的已勾对，{UNCHANGED}请刷新后重试。")
        total = sum((row.amount for row in rows), ZERO)
        if total != taken.amount:
            raise Refusal(
                f"所选流水合计 {total:,.2f} 元，对账单为 {taken.amount:,.2f} 元，{UNCHANGED}合计相同才能勾对。"
            )
        made = [Match(movement=row, line=taken, by=MatchedBy.HAND, label=by.label, at=at) for row in rows]
        return len(Match.objects.bulk_create(made))


def unmatch(line: StatementLine, *, by: Actor) -> int:
    """Take back what a line was matched with or settled by, while its month is open."""
    with transaction.atomic():
        office = statements.lock(line.office, by)
        taken = StatementLine.objects.select_for_update(of=("self",)).get(pk=line.pk)
        _month_open(office, taken.month)
        for day in Movement.objects.filter(match__line=taken).values_list("on", flat=True).distinct().order_by("on"):
            _month_open(office, f"{day:%Y-%m}")
        count, _ = Match.objects.filter(line=taken).delete()
        if taken.settled_at is not None:
            taken.settled_because, taken.settled_by, taken.settled_label, taken.settled_at = "", None, "", None
            taken.save(update_fields=["settled_because", "settled_by", "settled_label", "settled_at"])
            count += 1
        if not count:
            raise Refusal(f"该笔没有勾对，也没有核实，{UNCHANGED}请刷新后查看。")
    return count


def propose(office: Office, month: str, *, by: Actor, at: datetime) -> ReconciledMonth:
    """Hand a month over to be closed: it is over, and nothing of it is unexplained on either side."""
    if by.person is None:
        raise Refusal(f"关账须由本人提请，不能由命令代办，{UNCHANGED}")
    with transaction.atomic():
        taken = statements.lock(office, by)
        _month_open(taken, month)
        if not is_training() and days_of(month)[1] >= timezone.localdate(at):
            raise Refusal(f"{month} 尚未结束，{UNCHANGED}请在月末以后关账。")
        found = _explained(taken, month)
        row = ReconciledMonth.objects.filter(office=taken, month=month, status=MonthStatus.PROPOSED).first()
        row = row or ReconciledMonth(office=taken, month=month, status=MonthStatus.PROPOSED)
        _keep(row, found)
        row.proposed_by, row.proposed_label, row.proposed_at = by.person, by.label, at
        row.save()
    return row


def close(row: ReconciledMonth, *, by: Actor, at: datetime) -> ReconciledMonth:
    """Another person closes the month as it was handed over: who explained a part of it does not."""
    if by.person is None:
        raise Refusal(f"关账须由本人办理，不能由命令代办，{UNCHANGED}")
    with transaction.atomic():
        office = statements.lock(row.office, by, "reconciliation.close")
        taken = ReconciledMonth.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if taken.status != MonthStatus.PROPOSED:
            raise Refusal(f"{taken.month} {taken.get_status_display()}，{UNCHANGED}请刷新后查看。")
        first, last = days_of(taken.month)
        own_words = StatementLine.objects.filter(office=office, month=taken.month, settled_by=by.person).exists()
        own_words = (
            own_words
            or MovementNote.objects.filter(
                person=by.person, movement__in=Movement.objects.of_pool(office).filter(on__range=(first, last))
            ).exists()
        )
        if taken.proposed_by_id == by.person.pk or own_words:
            raise Refusal(f"关账须由提请人和核实人以外的人办理，{UNCHANGED}请由另一人关账。")
        found = _explained(office, taken.month)
        if (found.ours, found.banks, found.ours_count, found.banks_count) != (
            taken.ours, taken.banks, taken.ours_count, taken.banks_count,
        ):  # fmt: skip
            raise Refusal(f"{taken.month} 的数字在提请之后有变化，{UNCHANGED}请重新提请。")
        _keep(taken, found)
        taken.status, taken.closed_by, taken.closed_label, taken.closed_at = MonthStatus.CLOSED, by.person, by.label, at
        taken.save()
    return taken


def reopen(row: ReconciledMonth, *, because: str, by: Actor, at: datetime) -> ReconciledMonth:
    """Open a closed month again, with words; it is handed over and closed anew, the first closing stays on record."""
    because = _words(because)
    if by.person is None:
        raise Refusal(f"重开须由本人办理，不能由命令代办，{UNCHANGED}")
    with transaction.atomic():
        statements.lock(row.office, by, "reconciliation.reopen")
        taken = ReconciledMonth.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if taken.status != MonthStatus.CLOSED:
            raise Refusal(f"{taken.month} {taken.get_status_display()}，不须重开，{UNCHANGED}")
        taken.status, taken.reopened_because = MonthStatus.REOPENED, because
        taken.reopened_by, taken.reopened_at = by.person, at
        taken.save(update_fields=["status", "reopened_because", "reopened_by", "reopened_at"])
    return taken


def months(office: Office) -> list[str]:
    """The months in which an account has movements or lines, the newest first."""
    ours = Movement.objects.of_pool(office).dates("on", "month")
    banks = StatementLine.objects.filter(office=office).order_by().values_list("month", flat=True).distinct()
    return sorted({f"{day:%Y-%m}" for day in ours} | set(banks), reverse=True)


def _explained(office: Office, month: str) -> Figures:
    found = figures(office, month)
    if found.open:
        raise Refusal(
            f"{month} 还有 {found.ours_open} 笔流水、{found.banks_open} 笔对账单明细没有勾对或核实，{UNCHANGED}请先逐笔核实。"
        )
    if not found.balances:
        raise Refusal(f"{month} 两边差额 {found.difference:,.2f} 元没有解释完，{UNCHANGED}请核对勾对关系。")
    if not found.ours_count and not found.banks_count:
        raise Refusal(f"{month} 没有流水，也没有对账单，不须关账，{UNCHANGED}")
    return found


def _keep(row: ReconciledMonth, found: Figures) -> None:
    row.ours_count, row.ours, row.ours_apart = found.ours_count, found.ours, found.ours_apart
    row.banks_count, row.banks, row.banks_apart = found.banks_count, found.banks, found.banks_apart


def _month_open(office: Office, month: str) -> None:
    if ReconciledMonth.objects.filter(office=office, month=month, status=MonthStatus.CLOSED).exists():
        raise Refusal(f"{month} 已关账，{UNCHANGED}确需更改的，由主管重开后办理。")


def _words(because: str) -> str:
    because = because.strip()
    if not because:
        raise Refusal(f"请写明核实情况，{UNCHANGED}")
    return because[:300]
