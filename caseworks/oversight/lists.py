"""The supervisors' lists: the rows that the figures count, to be read and exported; acting on them is the desk's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Count, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from caseworks.base.identifiers import mask_name
from caseworks.base.models import Run
from caseworks.base.money import ZERO
from caseworks.base.pages import Order
from caseworks.base.panels import scheme_functions
from caseworks.cases.models import Bar, Case, Event, Hold, Objection
from caseworks.money.models import Payment, UseReport
from caseworks.oversight import filters
from caseworks.oversight.filters import ListForm
from caseworks.people import offices
from caseworks.people.models import Person
from caseworks.people.scope import offices_in_scope, scope_of
from caseworks.registry.models import Unit

Rows = QuerySet[Any, Any]


@dataclass(frozen=True)
class Column:
    """One column: its heading, its value, and how it is shown."""

    label: str
    value: Callable[[Any], Any]
    kind: str = "text"  # text | name | code | num | money | state
    state: Callable[[Any], str] = lambda row: ""


@dataclass(frozen=True)
class ListSpec:
    """One list: whose rows, how they are asked for, and what is shown of each."""

    name: str
    title: str
    unit: str  # 件, 笔, 户
    form: type[ListForm]
    rows: Callable[[Person, dt.date], Rows]
    columns: tuple[Column, ...]
    amount: str
    address: Callable[[Any], str]
    empty: str
    orders: Mapping[str, Order]

    def totals(self, rows: Rows, form: ListForm) -> tuple[int, Any]:
        """How many rows there are, and how much money: of the column that the query is about, where it is about one."""
        column = form.amount or self.amount
        sums = {"count": Count("pk"), **({"total": Sum(column)} if column else {})}
        found = rows.order_by().aggregate(**sums)
        return found["count"], (found.get("total") or ZERO) if column else None


def _to(name: str, *args: object) -> str:
    """An address that may not be there yet."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def code_of(subject: str) -> str:
    """A unit's code; of a person only that it is one."""
    return subject if len(subject) == 18 else "个人"


def name_of(name: str, subject: str) -> str:
    """A unit's name; a person's masked."""
    return name if len(subject) == 18 else mask_name(name)


def _cases(person: Person, on: dt.date) -> Rows:
    last = Event.objects.filter(case=OuterRef("pk"), seq=OuterRef("seq"))
    rows = Case.objects.visible_to(person, on).select_related("office")
    return rows.annotate(since=Subquery(last.values("at")[:1]), last_actor=Subquery(last.values("actor")[:1]))


def _payments(person: Person, on: dt.date) -> Rows:
    return Payment.objects.visible_to(person, on).select_related("office", "batch")


def _objections(person: Person, on: dt.date) -> Rows:
    return Objection.objects.visible_to(person, on).select_related("line__case__office")


def _holds(person: Person, on: dt.date) -> Rows:
    return scope_of(person, on).limit(Hold.objects.standing(), "case__").select_related("case__office")


def _bars(person: Person, on: dt.date) -> Rows:
    """Bars, each with the office of its unit; the province's where the unit is in no file any more."""
    unit, root, number = Unit.objects.filter(uscc=OuterRef("uscc")), Value(offices.root().pk), BigIntegerField()
    rows = Bar.objects.annotate(
        office=Coalesce(Subquery(unit.values("office_id")[:1]), root, output_field=number),
        city_office=Coalesce(Subquery(unit.values("city_office_id")[:1]), root, output_field=number),
        name=Coalesce(Subquery(unit.values("name")[:1]), Value("（不在册）")),
    )
    return scope_of(person, on).limit(rows)


def _uses(person: Person, on: dt.date) -> Rows:
    return UseReport.objects.visible_to(person, on).select_related("office", "recovery")


def runs_of(person: Person, on: dt.date) -> Rows:
    """Long work by people of the offices in scope; who sees the province sees what commands and the clock did as well."""
    rows = Run.objects.select_related("person")
    if scope_of(person, on).province:
        return rows
    return rows.filter(person__office__in=offices_in_scope(person, on))


def _day(moment: dt.datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}" if moment else ""


def _minute(moment: dt.datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""


_OLD = {"old": filters.ORDERS["old"], "new": filters.ORDERS["new"]}
_NEW = filters.ORDERS

LISTS: dict[str, ListSpec] = {
    spec.name: spec
    for spec in (
        ListSpec(
            "cases", "业务件", "件", filters.CaseFilter, _cases,
            (
                Column("名称", lambda row: name_of(row.name, row.subject), "name"),
                Column("信用代码", lambda row: code_of(row.subject), "code"),
                Column("业务", lambda row: row.get_scheme_display()),
                Column("经办机构", lambda row: row.office.name),
                Column("状态", lambda row: row.get_status_display(), "state", lambda row: row.status),
                Column("停留自", lambda row: _day(row.since)),
                Column("上一步办理人", lambda row: row.last_actor),
                Column("金额（元）", lambda row: row.amount, "money"),
            ),
            "amount", lambda row: _to("cases:case_detail", row.pk),
            "立件以后，业务件和它们停在哪一步、停了多久，都列在这里。", _OLD,
        ),
        ListSpec(
            "payments", "支付", "笔", filters.PaymentFilter, _payments,
            (
                Column("支付编号", lambda row: row.payment_no, "code"),
                Column("名称", lambda row: name_of(row.name, row.subject), "name"),
                Column("信用代码", lambda row: code_of(row.subject), "code"),
                Column("经办机构", lambda row: row.office.name),
                Column("次", lambda row: row.attempt, "num"),
                Column("状态", lambda row: row.get_status_display(), "state", lambda row: row.status),
                Column("送银行", lambda row: row.sent_on or ""),
                Column("到账", lambda row: row.paid_on or ""),
                Column("退回", lambda row: row.returned_on or ""),
                Column("退回或移出原因", lambda row: row.reason),
                Column("金额（元）", lambda row: row.amount, "money"),
            ),
            "amount", lambda row: _to("money:payment_detail", row.pk),
            "组批以后，每一次支付和它的结果列在这里。", _NEW,
        ),
        ListSpec(
            "objections", "公示异议", "件", filters.ObjectionFilter, _objections,
            (
                Column("被提异议的名称", lambda row: row.line.name, "name"),
                Column("类型", lambda row: row.get_kind_display()),
                Column("渠道", lambda row: row.get_channel_display()),
                Column("经办机构", lambda row: row.line.case.office.name),
                Column("收到", lambda row: row.received_on),
                Column("状态", lambda row: row.get_status_display(), "state", lambda row: row.status),
                Column("处理人", lambda row: row.decided_label),
                Column("公示金额（元）", lambda row: row.line.amount, "money"),
            ),
            "line__amount", lambda row: _to("announcements:objection_detail", row.pk),
            "公示期间和其后收到的异议列在这里。", _NEW,
        ),
        ListSpec(
            "holds", "暂缓", "件", filters.HoldFilter, _holds,
            (
                Column("名称", lambda row: name_of(row.case.name, row.case.subject), "name"),
                Column("类别", lambda row: row.get_kind_display()),
                Column("事由", lambda row: row.reason),
                Column("自", lambda row: _day(row.since)),
                Column("提出", lambda row: row.placed_label),
                Column("经办机构", lambda row: row.case.office.name),
                Column("金额（元）", lambda row: row.case.amount, "money"),
            ),
            "case__amount", lambda row: _to("cases:case_detail", row.case_id),
            "因异议、账户、名单等原因暂缓的业务件列在这里；其余照常办理。", _OLD,
        ),
        ListSpec(
            "bars", "取消资格", "户", filters.BarFilter, _bars,
            (
                Column("名称", lambda row: row.name, "name"),
                Column("信用代码", lambda row: row.uscc, "code"),
                Column("业务", lambda row: row.get_scheme_display()),
                Column("取消年度", lambda row: row.year, "num"),
                Column("状态", lambda row: row.get_status_display(), "state", lambda row: f"bar_{row.status}"),
                Column("提出", lambda row: f"{_day(row.proposed_at)} {row.proposed_label}"),
                Column("事由", lambda row: row.reason),
                Column("决定", lambda row: f"{row.decision_no} {row.decided_label}".strip()),
            ),
            "", lambda row: _to("dispatch:bar_detail", row.pk),
            "取消申领资格的单位列在这里：拟取消的当即生效，由主管查实或者撤销。", _NEW,
        ),
        ListSpec(
            "uses", "资金使用", "户", filters.UseForm, _uses,
            (
                Column("名称", lambda row: row.name, "name"),
                Column("信用代码", lambda row: row.subject, "code"),
                Column("业务", lambda row: row.get_scheme_display()),
                Column("经办机构", lambda row: row.office.name),
                Column("缘由", lambda row: row.get_why_display()),
                Column("状态", lambda row: row.get_status_display(), "state", lambda row: f"use_{row.status}"),
                Column("提交期限", lambda row: row.due_on or ""),
                Column("核对意见", lambda row: row.opinion),
                Column("收到（元）", lambda row: row.received, "money"),
                Column("已使用（元）", lambda row: row.total, "money"),
                Column("使用不当（元）", lambda row: row.recovery.amount if row.recovery else None, "money"),
            ),
            "received", lambda row: _to("money:use_detail", row.pk),
            "通知派遣单位和抽中的单位报告资金使用情况以后，报告和查实使用不当的列在这里。", _NEW,
        ),
        ListSpec(
            "runs", "后台任务", "个", filters.RunFilter, runs_of,
            (
                Column("名称", lambda row: row.title, "name"),
                Column("状态", lambda row: row.get_state_display(), "state", lambda row: row.state),
                Column("操作人", lambda row: row.actor_label),
                Column("提交", lambda row: _minute(row.created_at)),
                Column("结束", lambda row: _minute(row.finished_at)),
                Column("结果或原因", lambda row: row.error or row.message),
            ),
            "", lambda row: "",
            "导入、筛查、更新等需要时间的任务列在这里。", _NEW,
        ),
    )
}  # fmt: skip


def all_lists() -> dict[str, ListSpec]:
    """Ours, and those of the schemes (`dashboard_lists()` of their modules)."""
    return LISTS | {spec.name: spec for found in scheme_functions("dashboard_lists") for spec in found()}
