"""Objections to a line of an announcement: the line waits, the rest goes on, and somebody else decides (N6.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from caseworks.base.documents import papers
from caseworks.base.enums import DocumentKind
from caseworks.base.errors import Refusal
from caseworks.base.files import Accepted, store
from caseworks.base.models import Document
from caseworks.cases import history, holds, openings, telling
from caseworks.cases.enums import Channel, HoldKind, ObjectionStatus, Remedy, Status
from caseworks.cases.models import AnnouncementLine, Case, Event, Objection, ObjectionFile
from caseworks.cases.recipients import mobile_in
from caseworks.cases.triggers import SIGNATURES
from caseworks.people.actors import Actor
from caseworks.people.models import Office

HOUR = dt.timedelta(hours=1)
FILES = 5  # that may come with an objection
LETTER = Path(__file__).parent / "papers" / "answer.typ"


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
    attachments: Sequence[Accepted] = (),
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
    if len(attachments) > FILES:
        raise Refusal(f"材料最多 {FILES} 个文件，未作登记。请合并后重新上传。")
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
        for accepted in attachments:
            ObjectionFile.objects.create(objection=made, file=store(accepted, label=by.label, at=at))
        held = holds.Held(case.pk, HoldKind.OBJECTION, f"{made.get_kind_display()}（{made.get_channel_display()}）")
        holds.place([held], by=by, at=at)
    return made


def decide(
    objection: Objection,
    *,
    upheld: bool,
    answer: str,
    by: Actor,
    at: dt.datetime,
    on: dt.date,
    recalculate: bool = False,
) -> Objection:
    """Dismiss it, and the line goes on; or uphold it, and the case is refused, or judged again and announced anew.

    Never by one who reviewed the case. Each decision is answered by a letter with a number.
    """
    answer = answer.strip()
    if not answer:
        raise Refusal("处理异议须写明答复，未作任何更改。请填写后重试。")
    with transaction.atomic():
        row = Objection.objects.select_for_update(of=("self",)).select_related("line__announcement").get(
            pk=objection.pk
        )  # fmt: skip
        case = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("office").get(
            announced=row.line_id
        )  # fmt: skip
        if row.status != ObjectionStatus.OPEN:
            raise Refusal(f"该异议已处理（{row.get_status_display()}），未作任何更改。请刷新后查看。")
        if not by.may("objection.decide", case.office):
            raise Refusal(f"您没有处理{case.office}公示异议的权限，未作任何更改。请由有权限的人员办理。")
        _refuse_reviewer(case, by)
        row.status = ObjectionStatus.UPHELD if upheld else ObjectionStatus.DISMISSED
        row.answer, row.decided_by, row.decided_label = answer, by.person, by.label
        row.decided_at, row.decided_on = at, on
        if upheld and case.status in (Status.ANNOUNCED, Status.CLEARED):
            row.remedy = _remedy(row, case, recalculate=recalculate, by=by, at=at)
        row.document = _answered(row, case, by=by, at=at, on=on)
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as problem:
            if "objection_handled_by_another" in str(problem):
                raise _reviewed() from problem
            raise
        if not Objection.objects.waiting().filter(line__case=case).exists():
            holds.release([case.pk], [HoldKind.OBJECTION], because=f"异议{row.get_status_display()}", by=by, at=at)
        telling.objection_answered(row.pk, at=at)
        if mobile_in(row.contact):
            telling.objector_answered(row, row.document.number, at=at)
    objection.refresh_from_db()
    return objection


def _remedy(row: Objection, case: Case, *, recalculate: bool, by: Actor, at: dt.datetime) -> Remedy:
    """Refuse the case of an objection that is upheld, or judge it again; what gets nothing any more is refused."""
    note, data = f"公示异议成立：{row.answer}", {"objection": row.pk, "on": row.decided_on}
    row.amount_before = case.amount
    if not recalculate:
        history.take("refuse", [case.pk], by=by, at=at, note=note, data=data)
        return Remedy.REFUSED
    if not openings.rejudge(case.pk, by=by, at=at, note=note):
        raise Refusal("按现有数据重新核定，结果没有变化，未作任何更改。请先由经办更正数据再处理，或选择其他结论。")
    case.refresh_from_db()
    row.amount_after = case.amount
    if case.sheet.payable or not by.may("case.refuse", case.office):
        return Remedy.RECALCULATED
    history.take("refuse", [case.pk], by=by, at=at, note=f"{note}（重新核定不符合条件）", data=data)
    return Remedy.REFUSED


def _answered(row: Objection, case: Case, *, by: Actor, at: dt.datetime, on: dt.date) -> Document:
    """The letter to whoever objected. It belongs to no subject: the unit is not told who objected."""
    announcement, office = row.line.announcement, case.office
    result = {
        Remedy.REFUSED: "异议成立，对该户不予支付。",
        Remedy.RECALCULATED: "异议成立，已对该户重新核定，结果另行公示。",
    }.get(Remedy(row.remedy), "") if row.remedy else f"异议{row.get_status_display()}。"  # fmt: skip
    data = {
        "to": row.objector,
        "paragraphs": [
            f"您于{row.received_on.year}年{row.received_on.month}月{row.received_on.day}日就《{announcement.title}》"
            f"（{announcement.number}）第 {row.line.position} 行“{row.line.name}”提出的异议"
            f"（{row.get_kind_display()}）收悉。经核实，现答复如下：",
            *[words for words in row.answer.splitlines() if words.strip()],
            f"处理结论：{result}",
            f"如有新的事实和证据，可继续向{office.name}反映" + (f"，电话 {office.phone}。" if office.phone else "。"),
        ],
    }
    return papers.issue(
        DocumentKind.OBJECTION_ANSWER,
        issuer=office.name,
        year=on.year,
        title="公示异议答复书",
        template=LETTER,
        data=data,
        at=at,
        label=by.label,
        office_id=office.pk,
        city_office_id=office.city_or_self_id,
        name=row.objector,
        case_id=case.pk,
        on=on,
    )


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
