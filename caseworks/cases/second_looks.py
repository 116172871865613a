"""复核申请: who is in no list, or was refused, asks for a second look; somebody else looks and answers by letter. (N6.2)

The rules judge: what the scheme finds on the data of the day is what the answer says, with its numbers. What becomes
eligible by it is opened with the next batch, like any other. What people refused in review, although the rules granted
it, is left refused or taken up again by the one who looks, and then goes through the whole review anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from caseworks.base import notices
from caseworks.base.documents import papers
from caseworks.base.enums import DocumentKind
from caseworks.base.errors import Refusal
from caseworks.base.files import Accepted, store
from caseworks.base.identifiers import normalise
from caseworks.base.models import Document
from caseworks.base.money import thousands
from caseworks.base.subjects import is_person, key_of
from caseworks.cases import sources
from caseworks.cases.enums import SecondLookChannel, SecondLookStatus, Status
from caseworks.cases.models import Case, Event, SecondLook, SecondLookFile
from caseworks.cases.sources import Looked
from caseworks.cases.triggers import SIGNATURES
from caseworks.people.actors import Actor
from caseworks.people.models import Office

HOUR = dt.timedelta(hours=1)
FILES = 5
LETTER = Path(__file__).parent / "papers" / "answer.typ"
BY_STAFF = (SecondLookChannel.COUNTER, SecondLookChannel.POST, SecondLookChannel.PHONE)
_COMPARED = ("outcome", "amount", "reasons")


def receive(
    *,
    scheme: str,
    year: int,
    subject: str,
    channel: str,
    applicant: str,
    contact: str,
    words: str,
    matter: str = "",
    attachments: Sequence[Accepted] = (),
    by: Actor,
    at: dt.datetime,
    on: dt.date,
    received_on: dt.date | None = None,
) -> SecondLook:
    """Take a request in, with how the unit or person is judged at this time.

    `subject` is a code or an ID number, or the key of a person; `matter` the scheme's number of what was refused.
    """
    received_on, code = received_on or on, subject
    if not is_person(subject):
        code = key_of(subject) if subject and sources.looks_at_persons(scheme) else normalise(subject, identifier=True)
    if not (words.strip() and applicant.strip() and contact.strip()):
        raise Refusal("复核申请须写明理由、申请人和联系方式，未作登记。请填写后重试。")
    if received_on > on:
        raise Refusal("收到日期不能晚于登记日期，未作登记。请改正。")
    if len(attachments) > FILES:
        raise Refusal(f"材料最多 {FILES} 个文件，未作登记。请合并后重新上传。")
    looked = sources.second_look(scheme, code, year, on, matter)
    if looked is None:
        told = "没有这个人的申领" if sources.looks_at_persons(scheme) else f"没有代码 {code} 的参保单位"
        raise Refusal(f"{year} 年度{told}，未作登记。请核对，或到参保地经办机构办理。")
    if looked.case is not None:
        if Case.objects.filter(pk=looked.case, status=Status.REFUSED).exists():
            raise Refusal(
                f"{looked.name}{year} 年度经审核决定不予支付，不再以复核申请办理，未作登记。"
                "对决定不服的，可以依法申请行政复议或者提起行政诉讼。"
            )
        raise Refusal(f"{looked.name}{year} 年度已进入审核，不需要申请复核，未作登记。")
    _check_channel(channel, looked, by, at)
    try:
        with transaction.atomic():
            made = SecondLook.objects.create(
                scheme=scheme,
                year=year,
                subject=looked.subject or code,
                matter=looked.matter,
                name=looked.name,
                office_id=looked.office_id,
                city_office_id=looked.city_office_id,
                channel=channel,
                applicant=applicant.strip(),
                contact=contact.strip(),
                words=words.strip(),
                before=_kept(looked),
                received_on=received_on,
                received_at=at,
                received_by=by.person,
                received_label=by.label,
                address=by.address or "",
            )
            for accepted in attachments:
                SecondLookFile.objects.create(look=made, file=store(accepted, label=by.label, at=at))
    except IntegrityError as problem:
        if "secondlook_one_at_a_time" in str(problem):
            raise Refusal("已有一件复核申请在办，未重复登记。请等待答复。") from problem
        raise
    return made


def decide(
    look: SecondLook, *, answer: str, by: Actor, at: dt.datetime, on: dt.date, again: bool | None = None
) -> SecondLook:
    """Judge again on what is known now, and answer by letter. By none who received or judged it.

    `again` says of what people refused in review whether it is taken up anew; it is asked of nothing else.
    """
    answer = answer.strip()
    if not answer:
        raise Refusal("复核须写明意见，未作任何更改。请填写后重试。")
    with transaction.atomic():
        row = SecondLook.objects.select_for_update(of=("self",)).select_related("office").get(pk=look.pk)
        if row.status != SecondLookStatus.OPEN:
            raise Refusal(f"该申请已答复（{row.get_status_display()}），未作任何更改。请刷新后查看。")
        if not by.may("second_look.decide", row.office):
            raise Refusal(f"您没有办理{row.office}复核申请的权限，未作任何更改。请由有权限的人员办理。")
        refused = why_not(row, by)
        if refused:
            raise Refusal(f"{refused}未作任何更改。")
        if row.by_people and again is None:
            raise Refusal("原决定是审核人员作出的，请选择维持还是重新受理，未作任何更改。")
        now = sources.second_look_again(row, again=bool(again and row.by_people), by=by, at=at)
        row.after, row.answer = _kept(now), answer
        changed = any(row.before.get(name) != row.after.get(name) for name in _COMPARED)
        row.status = SecondLookStatus.CHANGED if changed else SecondLookStatus.KEPT
        row.decided_by, row.decided_label, row.decided_at, row.decided_on = by.person, by.label, at, on
        row.document = _letter(row, now, by=by, at=at, on=on)
        row.save()
        _tell(row, at)
    look.refresh_from_db()
    return look


def why_not(row: SecondLook, by: Actor) -> str:
    """Why somebody may not handle a request, in words; blank where nothing speaks against it."""
    if row.received_label == by.label or (by.person is not None and row.received_by_id == by.person.pk):
        return "您登记了该申请，由另一人复核。"
    if by.person is None:
        return ""
    signed = Event.objects.filter(
        case__scheme=row.scheme, case__year=row.year, case__subject=row.subject, person=by.person, step__in=SIGNATURES
    )
    if signed.exists() or by.person.pk in sources.judges(row):
        return f"您参与过对该{'申领' if row.of_person else '单位'}的核算或审核，由未参与的人员复核。"
    return ""


# -- pieces


def _check_channel(channel: str, looked: Looked, by: Actor, at: dt.datetime) -> None:
    if channel in BY_STAFF:
        office = Office.objects.get(pk=looked.office_id)
        if not by.may("second_look.receive", office):
            raise Refusal(f"您没有为{office}登记复核申请的权限，未作登记。请由有权限的人员办理。")
        return
    if channel == SecondLookChannel.PUBLIC:
        lately = SecondLook.objects.filter(
            address=by.address or "", channel=channel, received_at__gt=at - HOUR, received_at__lte=at
        )
        if lately.count() >= settings.OBJECTIONS_AN_HOUR:
            raise Refusal("您提交得过于频繁，本次没有登记。请一小时后再试，或到参保地经办机构办理。")


def _kept(looked: Looked) -> dict[str, Any]:
    """What is kept of a judgement: outcome, reasons, amount and the sentences with their numbers."""
    found = asdict(looked)
    kept = {name: found[name] for name in ("outcome", "label", "reasons", "sentences", "source")}
    kept |= {"amount": str(looked.amount), "reasons": list(looked.reasons), "sentences": list(looked.sentences)}
    return kept | ({"by_people": True} if looked.by_people else {})


def _letter(row: SecondLook, now: Looked, *, by: Actor, at: dt.datetime, on: dt.date) -> Document:
    """The letter to whoever asked: what was found, with its numbers; it is read in the portal as well."""
    office, scheme = row.office, row.get_scheme_display()
    asked = row.received_on
    you = "您" if row.of_person else "贵单位"
    paragraphs = [
        f"{you}于{asked.year}年{asked.month}月{asked.day}日就{row.year}年度{scheme}提出的复核申请收悉。"
        "经由未参与原核算和审核的人员按现有数据重新核算，现答复如下：",
        *[line for line in row.answer.splitlines() if line.strip()],
    ]
    if row.status == SecondLookStatus.CHANGED:
        paragraphs.append(f"复核结论：原结论“{row.before['label']}”变更为“{now.label}”。{now.next}")
    else:
        paragraphs.append(f"复核结论：维持原结论“{now.label}”。{now.next}")
    if now.sentences:
        paragraphs.append("依据和数据：" + "；".join(now.sentences) + "。")
    elif now.payable:
        paragraphs.append(f"核算金额 {thousands(now.amount)} 元，以审核、公示结果为准。")
    paragraphs.append(f"如有疑问，请与{office.name}联系" + (f"，电话 {office.phone}。" if office.phone else "。"))
    return papers.issue(
        DocumentKind.SECOND_LOOK_ANSWER,
        issuer=office.name,
        year=on.year,
        title="复核申请答复书",
        template=LETTER,
        data={"to": row.name, "paragraphs": paragraphs},
        at=at,
        label=by.label,
        office_id=office.pk,
        city_office_id=office.city_or_self_id,
        subject=row.subject,
        name=row.name,
        on=on,
    )


def _tell(row: SecondLook, at: dt.datetime) -> None:
    event = notices.Event(
        event_key=f"second_look_answered:{row.pk}",
        subject=row.subject,
        name=row.name,
        office_id=row.office_id,
        city_office_id=row.city_office_id,
        scheme=row.scheme,
        year=row.year,
        params={
            "business": str(row.get_scheme_display()),
            "result": str(row.get_status_display()),
            "number": row.document.number if row.document else "",
        },
    )
    notices.post([event], template="second_look_answered", at=at)
