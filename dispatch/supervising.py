"""What supervisors watch of dispatch: the forwarding board, vouchers, agencies by what they still hold. (J2.7–J2.10)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.db.models import Case as Chosen
from django.db.models import CharField, Count, F, Q, QuerySet, Sum, Value, When
from django.urls import reverse
from django.utils import timezone

from caseworks.base.panels import Panel
from caseworks.law import calendars
from caseworks.oversight import figures
from caseworks.oversight.dashboard import Cell
from caseworks.oversight.enums import BANDS, band_days
from caseworks.oversight.filters import ANY, ORDERS, PlaceForm
from caseworks.oversight.kernel import listed
from caseworks.oversight.lists import Column, ListSpec
from caseworks.oversight.measures import Alert, Measure, Place
from caseworks.people.models import Office, Person
from dispatch import watched_agencies, watched_findings
from dispatch.enums import ApplicationStatus, ObligationStatus, VoucherStatus
from dispatch.models import Application, Obligation, Voucher

NAME = "dispatch"
NEAR, VERY_NEAR = 10, 5  # working days before the deadline that are amber and red
VOUCHER_DAYS = 10  # working days within which a voucher is to be decided
#: how a host's part stands, on the board's day
STATES: dict[str, str] = {
    "overdue": "已过期限，未转付",
    "near": f"剩 {VERY_NEAR} 个工作日以内",
    "soon": f"剩 {VERY_NEAR + 1}–{NEAR} 个工作日",
    "later": f"剩 {NEAR} 个工作日以上",
    "provisional": "期限待定（日历未公布）",
    "waiting": "凭证待核对",
    "settled": "已转付或退回",
    "claimed": "已责令退回",
    "excused": "已免除",
}
TONES = {"overdue": "red", "near": "red", "soon": "amber", "waiting": "amber", "claimed": "red"}
#: the money of the parts, by what became of it
MONEY: dict[str, str] = {
    "verified": "已核实转付", "pending": "凭证待核对", "returned": "按期退回", "claimed": "责令退回",
    "returned_late": "期限后退回",
}  # fmt: skip


def state_of(on: dt.date) -> Chosen:
    """How each part stands on a day; what vouchers cover that wait for a clerk waits and is not overdue."""
    calendar = calendars.current()
    near, soon = (calendar.add_working_days(on, days).on for days in (VERY_NEAR, NEAR))
    opened = Q(status=ObligationStatus.OPEN)
    covered = opened & Q(pending__gt=0, amount__lte=F("verified") + F("pending") + F("returned") + F("claimed"))
    return Chosen(
        When(covered, then=Value("waiting")),
        When(opened & Q(provisional=True), then=Value("provisional")),
        When(opened & Q(due_on__lt=on), then=Value("overdue")),
        When(opened & Q(due_on__lte=near), then=Value("near")),
        When(opened & Q(due_on__lte=soon), then=Value("soon")),
        When(opened, then=Value("later")),
        default=F("status"),
        output_field=CharField(),
    )


# -- what is counted


def _grouped(rows: QuerySet[Any], key: Any, since: str = "", amount: str = "amount") -> QuerySet[Any, Any]:
    """Rows by office, key and day: the lines of a measure."""
    day = F(since) if since else Value(None, output_field=CharField())
    found = rows.order_by().annotate(key_=key, day_=day).values_list("office", "city_office", "key_", "day_")
    return found.annotate(units=Count("pk"), sum_=Sum(amount))


def _applications(year: int) -> Iterator[tuple[Any, ...]]:
    yield from _grouped(Application.objects.of_year(year), F("status"))


def _forwarding(year: int) -> Iterator[tuple[Any, ...]]:
    yield from _grouped(Obligation.objects.of_year(year).standing(), state_of(timezone.localdate()))


def _money(year: int) -> Iterator[tuple[Any, ...]]:
    for column in MONEY:
        rows = Obligation.objects.of_year(year).standing().filter(**{f"{column}__gt": 0})
        yield from _grouped(rows, Value(column), amount=column)


def _vouchers(year: int) -> Iterator[tuple[Any, ...]]:
    rows = Voucher.objects.filter(year=year).waiting()
    second = Chosen(When(first_decision="", then=Value("first")), default=Value("second"), output_field=CharField())
    yield from _grouped(rows, second, since="entered_on")


def measures(year: int) -> list[Measure]:
    """Applications, the forwarding board, its money, vouchers that wait."""
    return [
        Measure(
            "judged", "申请", lambda: _applications(year),
            lambda key, place: listed("applications", place, status=key),
            words={status.value: str(status.label) for status in ApplicationStatus},
            granted=(ApplicationStatus.SUBMITTED.value,),
        ),
        Measure(
            "forwarding", "转付情况", lambda: _forwarding(year),
            lambda key, place: listed("obligations", place, state=key), words=STATES,
        ),
        Measure(
            "money", "转付金额", lambda: _money(year), lambda key, place: listed("obligations", place, has=key),
            words=MONEY,
        ),
        Measure(
            "vouchers", "凭证待核对", lambda: _vouchers(year),
            lambda key, place: listed("vouchers", place, status="pending", turn=key),
            words={"first": "待核对", "second": "待第二人核对"},
        ),
        watched_findings.MEASURE,
        watched_agencies.measure(year),
    ]  # fmt: skip


# -- the lists behind it


class _Form(PlaceForm):
    """Rows of dispatch have no column for the scheme."""

    text = forms.CharField(label="派遣或用工单位（名称或代码）", min_length=2, max_length=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["scheme"]

    def applied(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """The rows that meet the conditions; the form must be valid."""
        self.cleaned_data["scheme"] = ""
        return super().applied(rows)


class ApplicationForm(_Form):
    """Which applications."""

    more: ClassVar[tuple[str, ...]] = ("direct",)
    status = forms.ChoiceField(label="状态", choices=[ANY, *ApplicationStatus.choices])
    field_order = ("year", "office", "status", "text", "direct")

    def applied(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """The rows that meet the conditions; the form must be valid."""
        rows, given = super().applied(rows), self.cleaned_data
        if given["status"]:
            rows = rows.filter(status=given["status"])
        text = given["text"].strip()
        return rows.filter(Q(name__contains=text) | Q(uscc=text.upper())) if text else rows


class ObligationForm(_Form):
    """Which parts: how they stand, and what became of their money."""

    more: ClassVar[tuple[str, ...]] = ("has", "agency", "direct")
    state = forms.ChoiceField(label="转付情况", choices=[ANY, ("open", "未办结"), *STATES.items()])
    has = forms.ChoiceField(label="有金额的", choices=[ANY, ("to_do", "尚未转付"), *MONEY.items()])
    agency = forms.CharField(label="派遣单位代码", min_length=18, max_length=18)
    field_order = ("year", "office", "state", "text", "has", "agency", "direct")

    @property
    def amount(self) -> str:
        """The money that was asked about."""
        return self.cleaned_data.get("has", "") if self.is_valid() else ""

    def applied(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """The rows that meet the conditions; the form must be valid."""
        rows, given = super().applied(rows), self.cleaned_data
        if given["state"] == "open":
            rows = rows.filter(status=ObligationStatus.OPEN)
        elif given["state"]:
            rows = rows.filter(state=given["state"])
        if given["has"]:
            rows = rows.filter(**{f"{given['has']}__gt": 0})
        if given["agency"]:
            rows = rows.filter(uscc=given["agency"].upper())
        text = given["text"].strip()
        if not text:
            return rows
        names = Q(name__contains=text) | Q(host_name__contains=text)
        return rows.filter(names | Q(uscc=text.upper()) | Q(host_uscc=text.upper()))


class VoucherForm(_Form):
    """Which vouchers: by state, whose turn it is, how long they wait."""

    more: ClassVar[tuple[str, ...]] = ("waited", "direct")
    status = forms.ChoiceField(label="状态", choices=[ANY, *VoucherStatus.choices])
    turn = forms.ChoiceField(label="轮到", choices=[ANY, ("first", "第一人"), ("second", "第二人")])
    waited = forms.ChoiceField(label="停留", choices=[ANY, *((name, band[0]) for name, band in BANDS.items())])
    field_order = ("year", "office", "status", "turn", "text", "waited", "direct")

    def applied(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """The rows that meet the conditions; the form must be valid."""
        rows, given = super().applied(rows), self.cleaned_data
        if given["status"]:
            rows = rows.filter(status=given["status"])
        if given["turn"]:
            rows = rows.filter(first_decision="") if given["turn"] == "first" else rows.exclude(first_decision="")
        if given["waited"]:
            first, last = band_days(given["waited"], self.on)
            rows = rows.waiting().filter(entered_on__lte=last)  # type: ignore[attr-defined]
            rows = rows.filter(entered_on__gte=first) if first is not None else rows
        text = given["text"].strip()
        return rows.filter(Q(uscc=text.upper()) | Q(host_uscc=text.upper())) if text else rows


def _obligations(person: Person, on: dt.date) -> QuerySet[Any, Any]:
    rows = Obligation.objects.visible_to(person, on).standing().left().select_related("office")
    return rows.annotate(state=state_of(on))


def _left_words(row: Obligation) -> str:
    if row.status != ObligationStatus.OPEN:
        return ""
    if row.provisional:
        return "待定"
    days = calendars.current().working_days_between(timezone.localdate(), row.due_on)
    return f"剩 {days} 个工作日" if days >= 0 else f"已过 {-days} 个工作日"


def lists() -> list[ListSpec]:
    """Applications, parts and vouchers, to be read."""
    return [
        ListSpec(
            "applications", "派遣申请", "件", ApplicationForm,
            lambda person, on: Application.objects.visible_to(person, on).select_related("office"),
            (
                Column("派遣单位", lambda row: row.name, "name"),
                Column("信用代码", lambda row: row.uscc, "code"),
                Column("经办机构", lambda row: row.office.name),
                Column("状态", lambda row: row.get_status_display(), "state", lambda row: row.status),
                Column("申请日期", lambda row: row.applied_on),
                Column("名册人数", lambda row: row.workers, "num"),
                Column("用工单位部分（元）", lambda row: row.host_amount, "money"),
                Column("金额（元）", lambda row: row.amount, "money"),
            ),
            "amount", lambda row: reverse("dispatch:application_detail", args=[row.pk]),
            "劳务派遣单位提交申请以后列在这里。", ORDERS,
        ),
        ListSpec(
            "obligations", "转付义务", "份", ObligationForm, _obligations,
            (
                Column("派遣单位", lambda row: row.name, "name"),
                Column("用工单位", lambda row: row.host_name or row.host_uscc),
                Column("经办机构", lambda row: row.office.name),
                Column("到账", lambda row: row.credited_on),
                Column("期限", lambda row: row.due_on),
                Column("剩余", _left_words),
                Column("转付情况", lambda row: STATES.get(row.state, row.state), "state", lambda row: f"fw_{row.state}"),
                Column("已核实（元）", lambda row: row.verified, "money"),
                Column("待核对（元）", lambda row: row.pending, "money"),
                Column("责令退回（元）", lambda row: row.claimed, "money"),
                Column("应转付（元）", lambda row: row.amount, "money"),
            ),
            "amount", lambda row: reverse("dispatch:obligation_detail", args=[row.pk]),
            "派遣单位到账以后，每个用工单位的份额列在这里，三十个工作日内转付。", {"old": ORDERS["old"], "new": ORDERS["new"]},
        ),
        ListSpec(
            "vouchers", "转付凭证", "张", VoucherForm,
            lambda person, on: Voucher.objects.visible_to(person, on).select_related("office", "obligation"),
            (
                Column("派遣单位", lambda row: row.obligation.name, "name"),
                Column("用工单位", lambda row: row.obligation.host_name or row.host_uscc),
                Column("回单号", lambda row: row.receipt_no, "code"),
                Column("付款日期", lambda row: row.paid_on),
                Column("提交", lambda row: row.entered_on),
                Column("状态", lambda row: row.get_status_display(), "state", lambda row: f"voucher_{row.status}"),
                Column("决定", lambda row: row.decided_label),
                Column("金额（元）", lambda row: row.amount, "money"),
            ),
            "amount", lambda row: reverse("dispatch:voucher_detail", args=[row.pk]),
            "派遣单位上传的银行回单列在这里。", {"old": ORDERS["old"], "new": ORDERS["new"]},
        ),
        watched_findings.LIST,
    ]  # fmt: skip


# -- what is shown


def panels(person: Person, office: Office, year: int, on: dt.date) -> Iterator[Panel]:
    """The forwarding board, and the agencies that still hold most."""
    found, place = figures.board(NAME, year, office.pk), Place(NAME, year, office.pk)
    by_code = {measure.code: measure for measure in measures(year)}
    if not found.of("forwarding"):
        return
    board = [
        Cell(words, row.units, by_code["forwarding"].address(key, place), row.amount, TONES.get(key, ""))
        for key, words in STATES.items()
        if (row := found.of("forwarding").get(key))
    ]
    money = [
        Cell(words, row.units, by_code["money"].address(key, place), row.amount)
        for key, words in MONEY.items()
        if (row := found.of("money").get(key))
    ]
    whole = Cell("应转付", found.units("forwarding"), listed("obligations", place), found.amount("forwarding"))
    waiting = [
        Cell(by_code["vouchers"].word(key), row.units, by_code["vouchers"].address(key, place), row.amount, "amber")
        for key, row in found.of("vouchers").items()
    ]
    findings = [
        Cell(by_code["findings"].word(key), row.units, by_code["findings"].address(key, place), row.amount, "red")
        for key, row in found.of("findings").items()
    ]
    chart = {
        "horizontal": True, "labels": True, "unit": "", "categories": [cell.label for cell in board],
        "series": [{"name": "份数", "values": [cell.units for cell in board]}],
    }  # fmt: skip
    context = {
        "board": board, "money": [whole, *money], "vouchers": waiting, "chart": chart,
        "agencies": watched_agencies.cells(found, place), "findings": findings,
    }  # fmt: skip
    yield Panel("转付看板", "dispatch/_dashboard.html", context, url=listed("obligations", place), wide=True)


def alerts(person: Person, office: Office, year: int, on: dt.date) -> Iterator[Alert]:
    """Parts past their deadline or near it, vouchers that wait too long."""
    found, place = figures.board(NAME, year, office.pk), Place(NAME, year, office.pk)
    overdue = found.units("forwarding", "overdue")
    if overdue:
        yield Alert("red", "派遣单位已过期限，未转付用工单位", overdue, listed("obligations", place, state="overdue"))
    near = found.units("forwarding", "near")
    if near:
        words = f"转付期限剩 {VERY_NEAR} 个工作日以内"
        yield Alert("amber", words, near, listed("obligations", place, state="near"), "提醒派遣单位转付或退回")
    old = sum(row.units for key, row in found.of("vouchers.waited").items() if key.endswith(":old"))
    if old:
        url = listed("vouchers", place, status="pending", waited="old")
        yield Alert("red", f"转付凭证待核对 15 天以上（应在 {VOUCHER_DAYS} 个工作日内决定）", old, url)
    elif found.units("vouchers"):
        yield Alert("amber", "转付凭证待核对", found.units("vouchers"), listed("vouchers", place, status="pending"))
