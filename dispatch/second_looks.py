"""What an agency is told whose application was refused in review, and the application taken up anew (decision 0150).

A roster that breaks a rule is refused whole when it is handed in, with every bad row named, and is handed in again; nothing
of it is stored. An agency that the screening finds ineligible asks for a second look of the refund. What is left is what
people refused in review.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from caseworks.base.errors import Refusal
from caseworks.base.panels import Panel
from caseworks.cases.enums import Status
from caseworks.cases.models import Event, SecondLook
from caseworks.cases.sources import Looked
from caseworks.people.actors import Actor
from caseworks.registry.models import Unit
from dispatch import application_writers as writers
from dispatch import applications, checks
from dispatch.models import Application

REFUSED = ("refused_in_review", "审核不予支付", "本次申请不予支付。")
RULES = ("ineligible", "不符合", "数据有误的，请先更正参保、缴费数据或名册。")
TAKEN_UP = ("taken_up", "重新受理", "重新受理，列入下一批，另行初审、复核、审批，公示无异议后拨付。")


def second_look(subject: str, year: int, on: dt.date, matter: str) -> Looked | None:
    """The agency's last application of the year, refused in review; None where the unit is not known."""
    rows = Application.objects.of_year(year).select_related("case", "policy").order_by("-round")
    if matter:
        rows = rows.filter(pk=matter) if matter.isdecimal() else rows.none()
    row = (rows.of_unit(subject) if subject else rows).first() if subject or matter else None
    if row is None:
        if matter or not Unit.objects.filter(uscc=subject).exists():
            return None
        raise Refusal(
            f"该单位没有 {year} 年度的派遣单位申请，未作登记。名册不符的改正后重新提交；筛查结论有误的，按稳岗返还申请复核。"
        )
    if row.case is None:
        raise Refusal(f"该单位 {year} 年度的申请{row.get_status_display()}，还没有审核决定，不需要申请复核，未作登记。")
    if row.case.status != Status.REFUSED:
        return replace(_looked(row), case=row.case_id)
    return _looked(row)


def second_look_again(look: SecondLook, *, again: bool, by: Actor, at: dt.datetime) -> Looked:
    """Hold the roster against the rules again; taken up anew it is the next application. Joins the caller's transaction."""
    row = Application.objects.select_for_update(of=("self",)).select_related("case", "policy").get(pk=look.matter)
    refused = _looked(row)
    try:
        ground = checks.ground(row.uscc, row.year, row.applied_on, resumed=True)
        found = checks.judged(ground, writers.roster_of(row), sha256=row.sha256, settled=writers.settled_hosts(row))
        found.refuse()
    except Refusal as refusal:
        return _told(refused, RULES, (refusal.message, *refusal.details), Decimal(0))
    if not again:
        return refused
    anew = applications.take_again(row, found, by=by, at=at)
    words = (f"第 {anew.round} 次申请，按 {anew.applied_on} 提交的名册核定",)
    return replace(_told(refused, TAKEN_UP, words, anew.amount), payable=True)


def judges(subject: str, year: int, matter: str) -> set[int]:
    """Who entered the application or sent it back, and who refused it in review."""
    row = Application.objects.filter(pk=matter).first() if matter.isdecimal() else None
    if row is None:
        return set()
    hands = row.lines.values_list("person", flat=True)
    refusers = Event.objects.filter(case=row.case_id, step="refuse").values_list("person", flat=True)
    return {pk for pk in (*hands, *refusers) if pk is not None}


def look_panels(subject: str, year: int, matter: str) -> Iterator[Panel]:
    """The application with its parts."""
    row = Application.objects.filter(pk=matter).first() if matter.isdecimal() else None
    if row is not None:
        shares = row.shares.live().order_by("host_uscc", "kind")
        url = f"/desk/dispatch/applications/{row.pk}/"
        yield Panel(
            "申请", "dispatch/_look_card.html", {"row": row, "shares": shares}, url=url, more="申请详情", wide=True
        )


# -- pieces


def _looked(row: Application) -> Looked:
    last = Event.objects.filter(case=row.case_id, step="refuse").order_by("-seq").first()
    because = (last.note,) if last is not None and last.note else ()
    return Looked(
        row.name, row.office_id, row.city_office_id, REFUSED[0], REFUSED[1], (), because, row.amount, False,
        f"{row.applied_on} 申请，第 {row.version} 版名册，政策：{row.policy.title}", REFUSED[2], subject=row.uscc,
        matter=str(row.pk), by_people=True,
    )  # fmt: skip


def _told(looked: Looked, told: tuple[str, str, str], sentences: tuple[str, ...], amount: Decimal) -> Looked:
    outcome, label, then = told
    return replace(looked, outcome=outcome, label=label, sentences=sentences, amount=amount, next=then, payable=False)
