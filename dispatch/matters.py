"""What an agency sees of itself: its years, which of them it may apply for, and cards and duties of its first page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from caseworks.base.money import ZERO, thousands
from caseworks.base.panels import Duty, Panel
from caseworks.cases.models import Bar
from caseworks.law.models import Policy
from caseworks.registry.models import Unit
from dispatch.enums import ApplicationStatus
from dispatch.models import Application, BarPaper, Obligation
from refunds.models import Assessment

LATEST = 3  # years shown


def agency(uscc: str) -> Unit | None:
    """The unit, where it has a licence to dispatch."""
    unit = Unit.objects.filter(uscc=uscc).first()
    return unit if unit is not None and unit.dispatch_licence else None


@dataclass(frozen=True)
class OpenYear:
    """A policy year that the agency may still apply for, or why it may not."""

    year: int
    until: dt.date | None
    bar: Bar | None

    @property
    def barred(self) -> bool:
        """Is its bar confirmed?"""
        return self.bar is not None and self.bar.status == "confirmed"


def years(uscc: str) -> list[Application]:
    """The agency's applications, the newest first."""
    rows = Application.objects.of_unit(uscc).select_related("case").order_by("-year", "-round")
    return list(rows[: 2 * LATEST])


def open_years(uscc: str, on: dt.date) -> list[OpenYear]:
    """Years that were screened, in which the agency has no standing application and the policy still runs."""
    if agency(uscc) is None:
        return []
    taken = set(Application.objects.of_unit(uscc).standing().values_list("year", flat=True))
    screened = Assessment.objects.filter(uscc=uscc).exclude(year__in=taken).order_by("-year")
    found = []
    for year, region in screened.values_list("year", "region")[:LATEST]:
        until = _last_day(year, region, on)
        if until is None or until >= on:
            bar = Bar.objects.filter(uscc=uscc, year=year).standing().order_by("pk").first()
            found.append(OpenYear(year, until, bar))
    return found


def _last_day(year: int, region: str, on: dt.date) -> dt.date | None:
    rows = Policy.objects.filter(scheme="dispatch", year=year, status="in_force")
    fitting = [row for row in rows if region.startswith(row.region)]
    return max(fitting, key=lambda row: (len(row.region), row.effective_from)).effective_to if fitting else None


def panels(uscc: str, on: dt.date) -> Iterator[Panel]:
    """A card of an agency's first page: its applications."""
    if agency(uscc) is None:
        return
    forwarding = Obligation.objects.of_agency(uscc).standing().exists()
    context = {"years": years(uscc)[:LATEST], "open": open_years(uscc, on), "forwarding": forwarding}
    yield Panel("派遣单位申请", "dispatch/_portal_card.html", context, url=reverse("dispatch_portal:home"), more="查看")


def duties(uscc: str, on: dt.date) -> Iterator[Duty]:
    """What an agency must do: mend what was sent back, hand in a draft, apply while the policy runs."""
    for row in Application.objects.of_unit(uscc).filter(status__in=("draft", "sent_back")).order_by("year"):
        if row.status == ApplicationStatus.SENT_BACK:
            line = row.lines.filter(action="sent_back").last()
            yield Duty(
                f"补正 {row.year} 年度申请", f"经办机构退回：{line.note if line else ''}",
                url=reverse("dispatch_portal:apply", args=[row.year]), action="上传更正后的名册", tone="red",
            )  # fmt: skip
        else:
            yield Duty(
                f"提交 {row.year} 年度申请", "名册已核对并保存为草稿，尚未提交。",
                url=reverse("dispatch_portal:application", args=[row.pk]), action="查看并提交", tone="amber",
            )  # fmt: skip
    for open_year in open_years(uscc, on):
        if not open_year.barred:
            yield Duty(
                f"申请 {open_year.year} 年度稳岗返还", "派遣单位须主动申请并提交名册；被派遣部分须转付用工单位。",
                due_on=open_year.until, url=reverse("dispatch_portal:apply", args=[open_year.year]), action="去申请",
                tone="amber",
            )  # fmt: skip
    yield from _forwarding(uscc)
    for paper in BarPaper.objects.filter(bar__uscc=uscc, bar__status="proposed").select_related("bar", "deadline"):
        yield Duty(
            f"拟取消 {paper.bar.year} 年度申领资格", "可以提交申辩和材料，由主管决定。",
            due_on=paper.deadline.due_on if paper.deadline else None,
            url=reverse("dispatch_portal:bar", args=[paper.bar_id]), action="查看和申辩", tone="red",
        )  # fmt: skip


def _forwarding(uscc: str) -> Iterator[Duty]:
    """One duty a deadline: so many hosts, so much money."""
    days: dict[tuple[dt.date, bool], list[Obligation]] = {}
    for row in Obligation.objects.of_agency(uscc).open().order_by("due_on", "pk"):
        if row.remaining > row.pending:
            days.setdefault((row.due_on, row.provisional), []).append(row)
    for (due_on, provisional), rows in days.items():
        left = thousands(sum((row.remaining - row.pending for row in rows), ZERO))
        words = f"转付 {len(rows)} 个用工单位共 {left} 元，并上传银行回单。"
        yield Duty(
            "转付用工单位", f"{words}期限为预计，待日历公布后确定。" if provisional else words,
            due_on=None if provisional else due_on, url=reverse("dispatch_portal:obligation_list"),
            action="查看和上传", tone="red",
        )  # fmt: skip
