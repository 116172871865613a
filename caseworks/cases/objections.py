"""Objections to a line of an announcement: the line waits, the rest goes on, and somebody else decides (N6.2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from caseworks.base.errors import Refusal
from caseworks.cases import history, holds, telling
from caseworks.cases.enums import Channel, HoldKind, ObjectionStatus, Status
from caseworks.cases.models import AnnouncementLine, Case, Event, Objection
from caseworks.cases.triggers import SIGNATURES
from caseworks.people.actors import Actor
from caseworks.people.models import Office

HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Visitor(Actor):
    """Somebody at a public page: nobody signed in, and without any permission."""

    @property
    def label(self) -> str:
        """As records name them."""
        return "公示页面访客"

    def __str__(self) -> str:
        return self.label

    def may(self, permission: str, office: Office | None = None, on: dt.date | None = None) -> bool:
        """Nothing."""
        return False


def receive(
    line: AnnouncementLine,
    *,
    kind: str,
    channel: str,
    objector: str,
    contact: str,
    words: str,
    evidence: str = "",
    by: Actor,
    at: dt.datetime,
    on: dt.date,
    received_on: dt.date | None = None,
) -> Objection:
    """Take an objection in and hold the line. Letters count by the day on which they came in (`received_on`)."""
    received_on = received_on or on
    announcement = line.announcement
    if not (words.strip() and objector.strip() and contact.strip()):
        raise Refusal("异议须写明内容、姓名或单位名称和联系方式，未作登记。请填写后重试。")
    if received_on > on:
        raise Refusal("收到日期不能晚于登记日期，未作登记。请改正。")
    if not announcement.runs(received_on):
        raise Refusal(
            f"该公示自 {announcement.first_day} 至 {announcement.last_day}，{received_on} 不在公示期内，未作登记。"
            "公示期外的情况请直接向经办机构反映。"
        )
    if channel == Channel.PUBLIC:
        _check_rate(by, at)
    with transaction.atomic():
        case = Case.objects.select_for_update(no_key=True).select_related("office").get(pk=line.case_id)
        if channel != Channel.PUBLIC and not by.may("objection.receive", case.office):
            raise Refusal(f"您没有为{case.office}登记异议的权限，未作任何更改。请由有权限的人员办理。")
        if not line.live or case.status not in (Status.ANNOUNCED, Status.CLEARED):
            raise Refusal(f"{line.name}现为“{case.get_status_display()}”，不再受理公示异议，未作登记。")
        made = Objection.objects.create(
            line=line,
            kind=kind,
            channel=channel,
            objector=objector.strip(),
            contact=contact.strip(),
            words=words.strip(),
            evidence=evidence.strip(),
            received_on=received_on,
            received_at=at,
            received_by=by.person,
            received_label=by.label,
            address=by.address or "",
        )
        held = holds.Held(case.pk, HoldKind.OBJECTION, f"{made.get_kind_display()}（{made.get_channel_display()}）")
        holds.place([held], by=by, at=at)
    return made


def decide(objection: Objection, *, upheld: bool, answer: str, by: Actor, at: dt.datetime, on: dt.date) -> Objection:
    """Uphold it, and the case is refused; or dismiss it, and the line goes on. Never by one who reviewed the case."""
    answer = answer.strip()
    if not answer:
        raise Refusal("处理异议须写明答复，未作任何更改。请填写后重试。")
    with transaction.atomic():
        row = Objection.objects.select_for_update().get(pk=objection.pk)
        case = Case.objects.select_for_update(no_key=True).select_related("office").get(announced=row.line_id)
        if row.status != ObjectionStatus.OPEN:
            raise Refusal(f"该异议已处理（{row.get_status_display()}），未作任何更改。请刷新后查看。")
        if not by.may("objection.decide", case.office):
            raise Refusal(f"您没有处理{case.office}公示异议的权限，未作任何更改。请由有权限的人员办理。")
        _refuse_reviewer(case, by)
        row.status = ObjectionStatus.UPHELD if upheld else ObjectionStatus.DISMISSED
        row.answer, row.decided_by, row.decided_label = answer, by.person, by.label
        row.decided_at, row.decided_on = at, on
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as problem:
            if "objection_handled_by_another" in str(problem):
                raise _reviewed() from problem
            raise
        if not Objection.objects.waiting().filter(line__case=case).exists():
            holds.release([case.pk], [HoldKind.OBJECTION], because=f"异议{row.get_status_display()}", by=by, at=at)
        if upheld and case.status in (Status.ANNOUNCED, Status.CLEARED):
            note = f"公示异议成立：{answer}"
            history.take("refuse", [case.pk], by=by, at=at, note=note, data={"objection": row.pk, "on": on})
        telling.objection_answered(row.pk, at=at)
    objection.refresh_from_db()
    return objection


def _check_rate(by: Actor, at: dt.datetime) -> None:
    lately = Objection.objects.filter(
        address=by.address or "", channel=Channel.PUBLIC, received_at__gt=at - HOUR, received_at__lte=at
    )
    if lately.count() >= settings.OBJECTIONS_AN_HOUR:
        raise Refusal("您提交得过于频繁，本次没有登记。请一小时后再试，或按公告中的电话、地址反映。")


def _refuse_reviewer(case: Case, by: Actor) -> None:
    if by.person and Event.objects.filter(case=case, person=by.person, step__in=SIGNATURES).exists():
        raise _reviewed()


def _reviewed() -> Refusal:
    return Refusal("您审核过该业务件，不能处理对它的异议，未作任何更改。请由未参与审核的人员处理。")
