"""What people do about notices: send a failed one again, take a number out of sending, read a message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from caseworks.base.enums import NoticeChannel, NoticeStatus
from caseworks.base.errors import Refusal
from caseworks.base.identifiers import mask_phone
from caseworks.base.models import Notice, NoticeBlock
from caseworks.base.models.notices import OVER
from caseworks.base.notices import templates
from caseworks.base.sealed import lookup_hash


def resend(ids: Iterable[int], *, because: str, label: str, at: datetime) -> int:
    """Send notices again that failed or were not sent, in the words in use now, all or none; returns how many."""
    because, wanted = because.strip(), sorted(set(ids))
    if not because:
        raise Refusal("重发须写明理由，未作任何更改。请填写后重试。")
    with transaction.atomic():
        rows = list(Notice.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
        wrong = len(wanted) - sum(row.status in OVER for row in rows)
        if not wanted or wrong:
            raise Refusal(f"{wrong} 条不是发送失败或未发送的通知，未作任何更改。请刷新后重试。")
        for code in sorted({row.template for row in rows}):
            version = templates.current(code, at=at)
            Notice.objects.filter(pk__in=[row.pk for row in rows if row.template == code]).update(
                version=version,
                status=NoticeStatus.WAITING,
                problem="",
                reason="",
                attempts=0,
                next_at=at,
                gateway_id="",
                receipt_at=None,
                resends=F("resends") + 1,
                resent_because=because[:200],
                resent_label=label[:200],
                resent_at=at,
            )
    return len(rows)


def block(phone: str, *, reason: str, label: str, at: datetime) -> NoticeBlock:
    """Take a number out of sending."""
    number, reason = "".join(phone.split()), reason.strip()
    if not (number.isascii() and number.isdigit() and len(number) == 11):
        raise Refusal("请填写 11 位手机号码，没有保存。")
    if not reason:
        raise Refusal("请填写原因，没有保存。")
    row = NoticeBlock(
        phone=number,
        phone_hash=lookup_hash(number),
        masked=mask_phone(number),
        reason=reason[:200],
        made_by_label=label,
        made_at=at,
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "noticeblock_once_a_number" in str(error):
            raise Refusal(f"{row.masked} 已在不发送名单，没有重复保存。") from error
        raise
    return row


def lift(row: NoticeBlock, *, label: str, at: datetime) -> None:
    """Send to a number again."""
    if not NoticeBlock.objects.filter(pk=row.pk, lifted_at__isnull=True).update(lifted_label=label, lifted_at=at):
        raise Refusal("该号码已移出不发送名单，未作更改。请刷新后查看。")


def read(subject: str, pk: int, *, label: str, at: datetime) -> None:
    """A message was opened by its recipient; the first time counts."""
    Notice.objects.filter(pk=pk, subject=subject, channel=NoticeChannel.PORTAL, read_at__isnull=True).update(
        read_at=at, read_label=label[:200]
    )
