"""What happened to a unit in a year, in words: every round of it, its holds and objections, and what other rooms add.

A room to the left adds its part by `case_moments(cases) -> Iterable[Moment]` in a module named in settings.PANELS.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from caseworks.base.money import thousands
from caseworks.base.panels import functions_of
from caseworks.cases import sources
from caseworks.cases.enums import ObjectionStatus, SendBackReason, Status
from caseworks.cases.lifecycle import STEPS
from caseworks.cases.models import Case, CaseFile, Event, Examination, FlagClearing, Hold, Objection
from caseworks.people.models import Office, Person

TONES = {"pay": "green", "clear": "green", "send_back": "amber", "bounce": "amber", "refuse": "red", "waive": "red"}


@dataclass(frozen=True)
class Moment:
    """Something that happened: when (a day alone where nobody knows the hour), to which case, in words, by whom."""

    case: int
    day: dt.date
    words: str
    who: str = ""
    at: dt.datetime | None = None
    tone: str = "grey"
    url: str = ""

    @property
    def clock(self) -> str:
        """The hour, where it is known."""
        return f"{timezone.localtime(self.at):%H:%M}" if self.at else ""


def of(case: Case, person: Person, on: dt.date) -> list[Moment]:
    """All that happened to the subject of a case in its year, the oldest first; of rounds that the person may see."""
    rounds = list(
        Case.objects.visible_to(person, on)
        .filter(scheme=case.scheme, year=case.year, subject=case.subject)
        .order_by("round")
    )
    found = [*_events(rounds), *_beside(rounds)]
    for part in functions_of(settings.PANELS, "case_moments"):
        found += part(rounds)
    if len(rounds) > 1:
        names = {row.pk: f"第 {row.round} 次" for row in rounds}
        found = [replace(moment, words=f"{names[moment.case]}：{moment.words}") for moment in found]
    return sorted(found, key=_order)


def _order(moment: Moment) -> tuple[dt.date, int, dt.datetime]:
    """By day; what has an hour before what has a day alone."""
    return moment.day, moment.at is None, moment.at or dt.datetime.min.replace(tzinfo=dt.UTC)


def moment(case: int, at: dt.datetime, words: str, who: str = "", tone: str = "grey") -> Moment:
    """One of which the hour is known."""
    return Moment(case, timezone.localdate(at), words, who, at, tone)


def _events(rounds: Sequence[Case]) -> Iterator[Moment]:
    events = list(Event.objects.filter(case__in=rounds))
    numbers = {
        event.data.get(key) for event in events for key in ("office", "office_before") if event.step == "transfer"
    }
    offices = Office.objects.in_bulk([number for number in numbers if number])
    for event in events:
        yield moment(event.case_id, event.at, _words(event, offices), event.actor, TONES.get(event.step, "blue"))


def _words(event: Event, offices: dict[int, Office]) -> str:
    data, label = event.data, STEPS[event.step].label
    note = f"：{event.note}" if event.note else ""
    if event.step == "open":
        return f"立件，{thousands(Decimal(data['amount']))} 元，进入初审"
    if event.step == "send_back":
        reasons = "、".join(str(SendBackReason(code).label) for code in data.get("reasons", ()))
        return f"退回初审（{reasons}）{note}" if reasons else f"退回初审{note}"
    if event.step == "rejudge":
        return f"重新核定为 {thousands(Decimal(data['amount']))} 元，从初审重新办理{note}"
    if event.step == "announce" and data.get("first_day"):
        return f"列入公示 {data['number']}，{data['first_day']} 至 {data['last_day']}"
    if event.step == "transfer" and data.get("office") in offices:
        before = offices.get(data["office_before"])
        return f"由{before or '原机构'}移交{offices[data['office']]}{note}"
    if event.step == "endorse":
        return f"审批通过，金额达到限额，须再审批{note}"
    return f"{label}{note}"


def _beside(rounds: Sequence[Case]) -> Iterator[Moment]:
    """Flags cleared, sampled cases opened, files, holds, objections."""
    words = sources.flag_words(rounds[0].scheme) if rounds else {}
    for row in FlagClearing.objects.filter(case__in=rounds):
        yield moment(row.case_id, row.at, f"核实提示“{words.get(row.flag, row.flag)}”：{row.words}", row.actor)
    for seen in Examination.objects.filter(case__in=rounds).select_related("person"):
        yield moment(seen.case_id, seen.at, "抽查件逐项核对", f"{seen.person}")
    for file in CaseFile.objects.filter(case__in=rounds).select_related("stored"):
        yield moment(file.case_id, file.at, f"添加附件“{file.stored.name}”：{file.words}", file.actor)
    for hold in Hold.objects.filter(case__in=rounds):
        yield moment(
            hold.case_id, hold.since, f"暂缓（{hold.get_kind_display()}）：{hold.reason}", hold.placed_label, "amber"
        )
        if hold.released_at:
            because = f"解除暂缓（{hold.get_kind_display()}）：{hold.released_because}"
            yield moment(hold.case_id, hold.released_at, because, hold.released_label)
    for objection in Objection.objects.filter(line__case__in=rounds).select_related("line"):
        yield from _objection(objection)


def _objection(row: Objection) -> Iterable[Moment]:
    case = row.line.case_id
    came = f"收到公示异议（{row.get_kind_display()}，{row.get_channel_display()}）"
    yield moment(case, row.received_at, came, row.received_label, "amber")
    if row.decided_at:
        tone = "red" if row.status == ObjectionStatus.UPHELD else "green"
        yield moment(case, row.decided_at, f"公示异议{row.get_status_display()}：{row.answer}", row.decided_label, tone)


def last_sent_back(case: Case) -> Event | None:
    """Why a case waits for its first review once more; None where it does not."""
    if case.status != Status.OPENED:
        return None
    last = Event.objects.filter(case=case).exclude(step="transfer").order_by("-seq").first()
    return last if last is not None and last.step == "send_back" else None
