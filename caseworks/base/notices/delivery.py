"""Delivery: what is due is claimed, sent and recorded, one message at a time.

A message is claimed for LEASE, so that two workers never send the same one; a worker that dies leaves it claimed, and
it is due again when the lease is over. Then it goes out with the same key, by which the gateway knows that it has it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from caseworks.base import faults
from caseworks.base.enums import NoticeProblem, NoticeStatus
from caseworks.base.identifiers import mask_phone
from caseworks.base.models import Notice, NoticeBlock
from caseworks.base.notices import recipients, templates
from caseworks.base.notices.gateways import Accepted, Later, Message, Outcome, Refused
from caseworks.base.notices.recipients import Recipient
from caseworks.base.sealed import lookup_hash

LEASE = timedelta(minutes=15)
CLAIMED = 50  # at once; each may take the gateway's time-out
PATIENCE = 5  # messages in a row that the gateway cannot take now: it is left alone until the next run
ATTEMPTS = 8  # the waits between them: 1, 2, 4 … minutes
# Materialized: a plan that asked for the locked rows again and again would claim more than the limit.
_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM base_notice
        WHERE status IN ('waiting', 'sending') AND next_at <= %(now)s
        ORDER BY next_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
    )
    UPDATE base_notice n SET status = 'sending', attempts = n.attempts + 1, next_at = %(until)s
    FROM due WHERE n.id = due.id RETURNING n.id
"""
_log = logging.getLogger(__name__)


@dataclass
class Delivered:
    """What became of the messages of a run; `in_a_row` of the last ones could not go now."""

    in_a_row: int = 0
    sent: int = 0
    later: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """All that were looked at."""
        return self.sent + self.later + self.failed + self.skipped


def deliver(*, clock: Callable[[], datetime], most: int = 5000) -> Delivered:
    """Send what is due, up to so many; again is as good as once, and what a missed run left is due still."""
    done = Delivered()
    while done.total < most:
        claimed = _claim(clock(), min(CLAIMED, most - done.total))
        if not claimed:
            break
        faults.point("notices.claimed")
        found = recipients.of(claimed)
        blocked = _blocked(found)
        for place, notice in enumerate(claimed):
            if done.in_a_row >= PATIENCE:
                _give_back(claimed[place:], clock())
                return done
            _deliver(notice, found.get(notice.pk), blocked, clock, done)
    if done.total:
        _log.info("notices: %s sent, %s later, %s failed, %s skipped", done.sent, done.later, done.failed, done.skipped)
    return done


def _claim(now: datetime, most: int) -> list[Notice]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "until": now + LEASE, "most": most})
        ids = [pk for (pk,) in cursor.fetchall()]
    return list(Notice.objects.select_related("version").filter(pk__in=ids).order_by("pk"))


def _give_back(rest: list[Notice], now: datetime) -> None:
    """What was claimed and not tried waits again, its attempt not counted."""
    for notice in rest:
        _set(notice, status=NoticeStatus.WAITING, next_at=now, attempts=notice.attempts - 1)


def _blocked(found: Mapping[int, Recipient]) -> set[str]:
    numbers = {row.mobile for row in found.values() if row.mobile}
    hashes = {lookup_hash(number): number for number in numbers}
    standing = NoticeBlock.objects.filter(phone_hash__in=list(hashes), lifted_at__isnull=True)
    return {hashes[bytes(digest)] for digest in standing.values_list("phone_hash", flat=True)}


def _deliver(
    notice: Notice, to: Recipient | None, blocked: set[str], clock: Callable[[], datetime], done: Delivered
) -> None:
    phone = to.mobile if to else ""
    gateway: Callable[[Message], Outcome] | None = import_string(settings.SMS_GATEWAY) if settings.SMS_GATEWAY else None
    try:
        text = templates.fill(notice.version.sms, recipients.values(notice, to, opened=True)) if to else ""
    except templates.MissingValue as missing:
        _end(notice, NoticeStatus.FAILED, NoticeProblem.WORDING, f"缺少 {missing}")
        done.failed += 1
        return
    if not phone:
        _end(notice, NoticeStatus.SKIPPED, NoticeProblem.NO_PHONE)
        done.skipped += 1
    elif phone in blocked:
        _end(notice, NoticeStatus.SKIPPED, NoticeProblem.BLOCKED, sent_to=mask_phone(phone))
        done.skipped += 1
    elif gateway is None:
        _end(notice, NoticeStatus.SKIPPED, NoticeProblem.NO_GATEWAY, sent_to=mask_phone(phone))
        done.skipped += 1
    else:
        outcome = gateway(Message(notice.key, phone, text))
        faults.point("notices.answered")
        _record(notice, phone, outcome, clock(), done)


def _record(notice: Notice, phone: str, outcome: Outcome, now: datetime, done: Delivered) -> None:
    masked = mask_phone(phone)
    done.in_a_row = done.in_a_row + 1 if isinstance(outcome, Later) else 0
    match outcome:
        case Accepted(number):
            _set(
                notice,
                status=NoticeStatus.SENT,
                next_at=None,
                sent_at=now,
                sent_to=masked,
                gateway_id=number,
                reason="",
            )
            done.sent += 1
        case Refused(reason):
            _end(notice, NoticeStatus.FAILED, NoticeProblem.REFUSED, reason, masked)
            done.failed += 1
        case Later(reason) if notice.attempts >= ATTEMPTS:
            _end(notice, NoticeStatus.FAILED, NoticeProblem.EXHAUSTED, reason, masked)
            done.failed += 1
        case Later(reason):
            wait = timedelta(minutes=2 ** (notice.attempts - 1))
            _set(notice, status=NoticeStatus.WAITING, next_at=now + wait, sent_to=masked, reason=reason[:200])
            done.later += 1


def _end(notice: Notice, status: NoticeStatus, problem: NoticeProblem, reason: str = "", sent_to: str = "") -> None:
    _set(notice, status=status, problem=problem, next_at=None, reason=reason[:200], sent_to=sent_to)


def _set(notice: Notice, **values: object) -> None:
    """Record what became of this attempt, unless the lease ran out and another worker has it, or its receipt is in."""
    mine = Notice.objects.filter(
        pk=notice.pk, status=NoticeStatus.SENDING, attempts=notice.attempts, resends=notice.resends
    )
    mine.update(**values)
