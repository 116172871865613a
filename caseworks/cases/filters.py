"""The query forms of the review queues, the announcements and the objections: their state lives in the address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from caseworks.base.filters import FilterForm
from caseworks.base.pages import Order
from caseworks.cases import queues
from caseworks.cases.enums import AnnouncementStatus, ObjectionKind, ObjectionStatus, Scheme, SecondLookStatus, Stage
from caseworks.cases.models import Announcement, CaseQuerySet, Event, Objection, SecondLook, Taking
from caseworks.people.enums import OfficeLevel
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope

ORDERS = {"age": Order("先到先办", ("pk",))}
KINDS = [
    ("", "全部"), ("bulk", "可批量办理"), ("singly", "须逐件办理"), ("flagged", "有提示"), ("sampled", "抽查"),
    ("sent_back", "退回件"), ("unpayable", "已不符合条件"), ("further", "须再审批"),
]  # fmt: skip
HANDS = [
    ("own", "本岗应办"), ("mine", "我认领的"), ("free", "无人认领"), ("others", "同事认领的"), ("all", "本级和下级全部"),
]  # fmt: skip
SCHEMES = [("", "全部"), *Scheme.choices]
AGES = [("", "全部"), ("amber", "超过提醒时限"), ("red", "超过办理时限")]


def sent_back() -> Exists:
    """Cases that wait for their first review because they were sent back, and that nobody passed or judged since."""
    back = Event.objects.filter(case=OuterRef("pk"), step="send_back")
    later = Event.objects.filter(case=OuterRef("case"), seq__gt=OuterRef("seq")).exclude(step="transfer")
    return Exists(back.exclude(Exists(later)))


class ReviewFilter(FilterForm):
    """Which cases of a stage: of a scheme and year, by office, in whose hands, how, how old, name, amount."""

    more: ClassVar[tuple[str, ...]] = ("age", "amount_from", "amount_to")
    scheme = forms.ChoiceField(label="业务")
    stage = forms.ChoiceField(label="环节", choices=Stage.choices)
    year = forms.TypedChoiceField(label="政策年度", coerce=int)
    office = forms.ModelChoiceField(label="经办机构", queryset=Office.objects.none(), empty_label="全部")
    hand = forms.ChoiceField(label="承办", choices=HANDS)
    kind = forms.ChoiceField(label="办理方式", choices=KINDS)
    name = forms.CharField(label="名称", min_length=2, max_length=100)
    age = forms.ChoiceField(label="等待", choices=AGES)
    amount_from = forms.DecimalField(label="金额从（元）", min_value=0, max_digits=14, decimal_places=2)
    amount_to = forms.DecimalField(label="金额到（元）", min_value=0, max_digits=14, decimal_places=2)

    def __init__(
        self,
        data: QueryDict,
        *,
        schemes: Sequence[tuple[str, str]],
        years: Sequence[int],
        person: Person,
        on: dt.date,
        at: dt.datetime,
    ) -> None:
        super().__init__(data)
        self.person, self.on, self.at = person, on, at
        scheme, year, office = self.fields["scheme"], self.fields["year"], self.fields["office"]
        assert isinstance(scheme, forms.ChoiceField)
        assert isinstance(year, forms.ChoiceField)
        assert isinstance(office, forms.ModelChoiceField)
        scheme.choices = list(schemes)
        year.choices = [(found, f"{found} 年度") for found in years]
        office.queryset = offices_in_scope(person, on)

    def applied(self, rows: CaseQuerySet) -> CaseQuerySet:
        """The rows that meet the conditions."""
        given = self.cleaned_data
        office: Office | None = given["office"]
        if office is not None and office.level != OfficeLevel.PROVINCE:
            rows = rows.filter(**{"city_office" if office.level == OfficeLevel.CITY else "office": office})
        rows = self._in_hands(_of_kind(rows, given["kind"]), given["hand"], given["stage"])
        if given["age"]:
            limits = queues.Limits.on(self.on)
            rows = rows.filter(moved_at__lt=limits.red if given["age"] == "red" else limits.amber)
        if given["name"]:
            rows = rows.filter(name__contains=given["name"])
        if given["amount_from"] is not None:
            rows = rows.filter(amount__gte=given["amount_from"])
        if given["amount_to"] is not None:
            rows = rows.filter(amount__lte=given["amount_to"])
        return rows

    def _in_hands(self, rows: CaseQuerySet, hand: str, stage: str) -> CaseQuerySet:
        if hand == "own":
            return queues.due(rows, stage, self.person, self.on, self.at)
        taken = Taking.objects.standing(self.at).filter(case=OuterRef("pk"), stage=stage)
        if hand == "mine":
            return rows.filter(Exists(taken.filter(person=self.person)))
        if hand == "others":
            return rows.filter(Exists(taken.exclude(person=self.person)))
        return rows.exclude(Exists(taken)) if hand == "free" else rows


def _of_kind(rows: CaseQuerySet, kind: str) -> CaseQuerySet:
    by_kind = {
        "flagged": ~Q(sheet__flags=[]),
        "sampled": Q(sheet__sampled=True),
        "unpayable": Q(sheet__payable=False),
        "further": Q(sheet__further=True),
    }
    if kind in by_kind:
        return rows.filter(by_kind[kind])
    if kind == "sent_back":
        return rows.filter(sent_back())
    if kind == "singly":
        return rows.filter(queues.SINGLY | Q(sent_back()))
    return rows.exclude(queues.SINGLY).exclude(sent_back()) if kind == "bulk" else rows


class AnnouncementFilter(FilterForm):
    """Which announcements: of a scheme, by year and state."""

    scheme = forms.ChoiceField(label="业务", choices=SCHEMES)
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    status = forms.ChoiceField(label="状态", choices=[("", "全部"), *AnnouncementStatus.choices])

    def applied(self, rows: QuerySet[Announcement]) -> QuerySet[Announcement]:
        """The rows that meet the conditions."""
        return rows.filter(**_given(self, scheme="scheme", year="year", status="status"))


class ObjectionFilter(FilterForm):
    """Which objections: of a scheme, by state and kind, and to whom."""

    status = forms.ChoiceField(label="状态", choices=[("", "全部"), *ObjectionStatus.choices])
    scheme = forms.ChoiceField(label="业务", choices=SCHEMES)
    kind = forms.ChoiceField(label="异议类型", choices=[("", "全部"), *ObjectionKind.choices])
    name = forms.CharField(label="单位或个人", min_length=2, max_length=100)

    def applied(self, rows: QuerySet[Objection]) -> QuerySet[Objection]:
        """The rows that meet the conditions."""
        fields = {"scheme": "line__announcement__scheme", "name": "line__name__contains"}
        return rows.filter(**_given(self, status="status", kind="kind", **fields))


class SecondLookFilter(FilterForm):
    """Which requests for a second look: by state and year, and whose."""

    status = forms.ChoiceField(label="状态", choices=[("", "全部"), *SecondLookStatus.choices])
    scheme = forms.ChoiceField(label="业务", choices=[("", "全部"), *Scheme.choices])
    year = forms.IntegerField(label="政策年度", min_value=2000, max_value=2100)
    name = forms.CharField(label="单位名称或姓名", min_length=2, max_length=100)

    def applied(self, rows: QuerySet[SecondLook]) -> QuerySet[SecondLook]:
        """The rows that meet the conditions."""
        return rows.filter(**_given(self, status="status", scheme="scheme", year="year", name="name__contains"))


def _given(form: FilterForm, **lookups: str) -> dict[str, object]:
    """The look-ups of the fields that are filled in."""
    return {lookup: form.cleaned_data[name] for name, lookup in lookups.items() if form.cleaned_data[name]}
