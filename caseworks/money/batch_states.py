"""What became of the payments of batches: paid, returned and still with the bank, with amounts, and in a word (N6.2).

One query for all batches of a page; a batch's own count and amount stay those of what was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from caseworks.base.money import ZERO
from caseworks.money.enums import BatchStatus, PaymentStatus
from caseworks.money.models import Batch, Payment
from caseworks.money.models.batches import BatchQuerySet

OPEN, PAID, RETURNED = PaymentStatus.SENT, PaymentStatus.PAID, PaymentStatus.RETURNED
# Where a batch that was sent stands, in words.
STATES = {
    "waiting": "待银行回盘",
    "partly": "部分回盘",
    "done": "已完成",
    "some_returned": "部分退回",
    "all_returned": "全部退回",
}
_TONES = {"waiting": "blue", "partly": "blue", "done": "green", "some_returned": "amber", "all_returned": "amber"}


@dataclass(frozen=True, slots=True)
class Part:
    """So many payments, and how much."""

    count: int = 0
    amount: Decimal = ZERO


@dataclass(frozen=True)
class Came:
    """What became of the payments of one batch; `word` and `tone` are those of the list."""

    batch: Batch
    parts: Mapping[str, Part] = field(default_factory=dict)

    @property
    def open(self) -> Part:
        """With the bank, no answer yet."""
        return self.parts.get(OPEN, Part())

    @property
    def paid(self) -> Part:
        """Credited."""
        return self.parts.get(PAID, Part())

    @property
    def returned(self) -> Part:
        """Sent back by the bank, whatever was done about it since."""
        return self.parts.get(RETURNED, Part())

    @property
    def state(self) -> str:
        """A key of STATES; blank before the batch was sent."""
        if self.batch.status != BatchStatus.SENT or not self.parts:
            return ""
        if self.open.count:
            return "partly" if self.paid.count or self.returned.count else "waiting"
        if not self.returned.count:
            return "done"
        return "some_returned" if self.paid.count else "all_returned"

    @property
    def word(self) -> str:
        """Where it stands, in words."""
        return STATES.get(self.state) or self.batch.state

    @property
    def tone(self) -> str:
        """The colour of its badge; blank: that of its status."""
        return _TONES.get(self.state, "")


def of(batches: Iterable[Batch]) -> list[Came]:
    """What became of each of these batches, in their order; one query, none where none was sent."""
    rows = list(batches)
    sent = [row.pk for row in rows if row.status == BatchStatus.SENT]
    found: dict[int, dict[str, Part]] = {}
    if sent:
        sums = Payment.objects.filter(batch__in=sent).attempts().order_by().values_list("batch", "status")
        for batch, status, count, amount in sums.annotate(count=Count("pk"), sum=Sum("amount")):
            found.setdefault(batch, {})[status] = Part(count, amount)
    return [Came(row, found.get(row.pk, {})) for row in rows]


def sums(batches: QuerySet[Batch]) -> dict[str, Part]:
    """The payments of all these batches that have left the bureau, by how they stand."""
    rows = Payment.objects.filter(batch__in=batches.order_by().values("pk"), status__in=(OPEN, PAID, RETURNED))
    found = rows.order_by().values_list("status").annotate(count=Count("pk"), sum=Sum("amount"))
    return {status: Part(count, amount) for status, count, amount in found}


def _has(status: str) -> Exists:
    return Exists(Payment.objects.filter(batch=OuterRef("pk"), status=status))


_CONDITIONS: Mapping[str, Callable[[], Q]] = {
    "waiting": lambda: Q(_has(OPEN)) & ~Q(_has(PAID)) & ~Q(_has(RETURNED)),
    "partly": lambda: Q(_has(OPEN)) & (Q(_has(PAID)) | Q(_has(RETURNED))),
    "done": lambda: ~Q(_has(OPEN)) & Q(_has(PAID)) & ~Q(_has(RETURNED)),
    "some_returned": lambda: ~Q(_has(OPEN)) & Q(_has(PAID)) & Q(_has(RETURNED)),
    "all_returned": lambda: ~Q(_has(OPEN)) & ~Q(_has(PAID)) & Q(_has(RETURNED)),
}


def standing_at(rows: BatchQuerySet, state: str) -> BatchQuerySet:
    """Those of the batches that stand at a state of STATES."""
    return rows.filter(_CONDITIONS[state](), status=BatchStatus.SENT)
