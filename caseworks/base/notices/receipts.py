"""Receipts: the gateway tells, signed, whether a message arrived."""

from __future__ import annotations

import json
from datetime import datetime

from django.conf import settings

from caseworks.base.enums import NoticeProblem, NoticeStatus
from caseworks.base.models import Notice
from caseworks.base.notices import signing


class ReceiptError(Exception):
    """A receipt that is not taken: `status` is the HTTP status to answer with."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def take(body: bytes, *, time: str, signature: str, now: datetime) -> int:
    """Take the receipts of a signed body; returns how many notices it changed. Again changes nothing.

    The body is `{"receipts": [{"key": …, "status": "delivered" | "undelivered", "reason": …}]}`; ReceiptError 403 for a
    wrong or old signature, 400 for a body that cannot be read. Keys that are not known (any more) are passed over.
    """
    if not signing.holds(settings.SMS_SECRET, body, time=time, given=signature, now=int(now.timestamp())):
        raise ReceiptError(403, "signature")
    try:
        rows = json.loads(body)["receipts"]
        told = [(str(row["key"]), str(row["status"]), str(row.get("reason", ""))) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReceiptError(400, "body") from error
    if any(status not in {"delivered", "undelivered"} for _, status, _ in told):
        raise ReceiptError(400, "status")
    return sum(_take(key, status, reason, now) for key, status, reason in told)


def _take(key: str, status: str, reason: str, now: datetime) -> int:
    number, _, round_ = key.partition("-")
    if not (key.isascii() and number.isdigit() and round_.isdigit()) or len(number) > 18 or len(round_) > 4:
        return 0
    # also while it is being sent: a receipt may come before the answer; never over what a later round did
    row = Notice.objects.filter(
        pk=int(number),
        resends=int(round_),
        channel="sms",
        status__in=[NoticeStatus.SENDING, NoticeStatus.WAITING, NoticeStatus.SENT],
    )
    if status == "delivered":
        return row.update(status=NoticeStatus.DELIVERED, receipt_at=now, next_at=None, reason="")
    return row.update(
        status=NoticeStatus.FAILED,
        problem=NoticeProblem.UNDELIVERED,
        reason=reason[:200],
        receipt_at=now,
        next_at=None,
    )
