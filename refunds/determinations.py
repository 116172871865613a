"""人工核定: a clerk sets a missing fact with source and evidence, another person confirms, the unit is judged again.

Imports never write here, and the facts query puts a confirmed determination before what the files say.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.db import IntegrityError, connection, transaction

from caseworks.base import runs
from caseworks.base.enums import Size, UnitType
from caseworks.base.errors import Refusal
from caseworks.base.identifiers import normalise
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column, Shape
from caseworks.base.sheets.errors import BadValue
from caseworks.base.sheets.reading import open_sheet
from caseworks.law import policies
from caseworks.people.actors import Actor
from caseworks.registry.models import Unit
from refunds import assessments, facts, rulebook
from refunds.enums import DeterminationStatus, Fact
from refunds.evidence import Evidence, Handed, accept
from refunds.models import Assessment, Determination
from refunds.screening import KIND

BREACHES = {
    "determination_one_waiting": "该单位该项已有一条核定等待确认。请先由另一人确认或退回。",
    "determination_four_eyes": "确认须由核定人以外的人办理。",
    "determination_value_fits_its_fact": "核定值与核定项不符。",
}
_PARSE = {
    Fact.UNIT_TYPE: values.code(UnitType),
    Fact.SIZE: values.code(Size),
    Fact.OPENING_HEADCOUNT: values.whole(9_999_999),
    Fact.CLOSING_HEADCOUNT: values.whole(9_999_999),
}
COLUMNS = (
    Column("uscc", ("统一社会信用代码",), values.uscc, required=True, identifier=True),
    Column("year", ("缴费年度",), values.year, required=True, shape=Shape.NUMBER),
    Column("fact", ("核定项",), values.code(Fact), required=True),
    Column("value", ("核定值",), values.text(24), required=True),
    Column("source", ("来源",), values.text(200), required=True),
    Column("evidence", ("依据说明",), values.text(2000), required=True),
)


@dataclass(frozen=True)
class Wish:
    """A fact that somebody wants to settle for a unit in a premium year."""

    uscc: str
    year: int
    fact: Fact
    value: str
    source: str
    evidence: str
    line: int = 0

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return f"第 {self.line} 行：" if self.line else ""


# -- setting


def set_fact(wish: Wish, *, by: Actor, at: datetime.datetime, file: Handed | None = None) -> Determination:
    """Set one fact; it counts once another person has confirmed it."""
    evidence = accept(file) if file is not None else None
    return _set_all([wish], evidence, by=by, at=at)[0]


def set_sheet(path: Path, *, by: Actor, at: datetime.datetime, file: Handed | None = None) -> list[Determination]:
    """Set the facts of a sheet (CSV or xlsx), all of them or none."""
    evidence = accept(file) if file is not None else None
    wishes, problems = _read(path)
    if problems:
        raise Refusal(f"表格中有 {len(problems)} 处错误，没有保存任何核定。请改正后重新上传：", problems)
    if not wishes:
        raise Refusal("表格中没有数据行，没有保存任何核定。")
    return _set_all(wishes, evidence, by=by, at=at)


def _read(path: Path) -> tuple[list[Wish], list[str]]:
    wishes: list[Wish] = []
    problems: list[str] = []
    seen: dict[tuple[str, int, str], int] = {}
    with open_sheet(path, COLUMNS) as sheet:
        for row in sheet.rows():
            found: dict[str, object] = {}
            for column, cell in zip(COLUMNS, row.cells, strict=True):
                text = normalise(cell or "", identifier=column.identifier)
                try:
                    if not text:
                        raise BadValue("不能为空")
                    found[column.name] = column.parse(text)
                except BadValue as error:
                    problems.append(f"第 {row.line} 行 {column.title}“{text}”：{error}")
            if len(found) < len(COLUMNS):
                continue
            wish = Wish(**{**found, "fact": Fact(str(found["fact"]))}, line=row.line)  # type: ignore[arg-type]
            key = (wish.uscc, wish.year, wish.fact.value)
            if key in seen:
                problems.append(f"第 {row.line} 行：与第 {seen[key]} 行是同一单位、年度和核定项")
            seen.setdefault(key, row.line)
            wishes.append(wish)
    return wishes, problems


def _set_all(
    wishes: Iterable[Wish], evidence: Evidence | None, *, by: Actor, at: datetime.datetime
) -> list[Determination]:
    wishes = list(wishes)
    units = {unit.uscc: unit for unit in Unit.objects.filter(uscc__in=[wish.uscc for wish in wishes])}
    rows, problems = [], []
    for wish in wishes:
        try:
            rows.append(_row(wish, units.get(wish.uscc), by=by, at=at))
        except BadValue as error:
            problems.append(f"{wish.place}{wish.uscc} {error}")
    if problems:
        raise Refusal("没有保存任何核定：", problems)
    with transaction.atomic():
        stored_name = ""
        for row in rows:
            if evidence is not None:
                if not stored_name:
                    row.file.save(evidence.content.name or "", evidence.content, save=False)
                    stored_name = row.file.name or ""
                row.file.name = stored_name
                row.file_name, row.file_type, row.file_sha256 = evidence.name, evidence.type, evidence.sha256
            try:
                with transaction.atomic():
                    row.save()
            except IntegrityError as error:
                raise Refusal(f"没有保存任何核定：{row.uscc} {_words_of(error)}") from None
    return rows


def _row(wish: Wish, unit: Unit | None, *, by: Actor, at: datetime.datetime) -> Determination:
    if unit is None:
        raise BadValue("参保单位中没有这个代码，请核对")
    if not by.may("determination.set", unit.office):
        raise BadValue(f"不在 {by.label} 的办理范围内")
    if not wish.source.strip() or not wish.evidence.strip():
        raise BadValue("须写明来源和依据说明")
    value = str(_PARSE[wish.fact](normalise(wish.value)))
    if wish.fact == Fact.OPENING_HEADCOUNT and value == "0":
        raise BadValue("年初参保人数核定值须大于 0，否则裁员率仍无法计算")
    return Determination(
        uscc=unit.uscc, name=unit.name, office=unit.office, city_office=unit.city_office, year=wish.year,
        fact=wish.fact, value=value, source=wish.source.strip(), evidence=wish.evidence.strip(), set_by=by.person,
        set_label=by.label, set_at=at,
    )  # fmt: skip


def _words_of(error: IntegrityError) -> str:
    text = str(error)
    return next((words for name, words in BREACHES.items() if name in text), "数据库拒绝了这次更改。")


# -- deciding


@dataclass(frozen=True)
class Confirmed:
    """A confirmed determination and what the unit is judged to be now; None where nothing was judged again."""

    determination: Determination
    assessment: Assessment | None
    in_review: bool = False


def confirm(determination: Determination, *, by: Actor, at: datetime.datetime, note: str = "") -> Confirmed:
    """Another person confirms: the fact counts, an earlier one is superseded, the unit is judged again at once."""
    policy_year = determination.year + 1
    with runs.exclusive(f"{KIND}:{policy_year}", f"{policy_year} 年度的筛查"), transaction.atomic():
        row = _taken(determination, by=by)
        Determination.objects.standing().filter(uscc=row.uscc, year=row.year, fact=row.fact).update(
            status=DeterminationStatus.SUPERSEDED
        )
        _decide(row, DeterminationStatus.CONFIRMED, by=by, at=at, note=note)
        return _judged_again(row, policy_year, at)


@transaction.atomic
def refuse(determination: Determination, *, by: Actor, at: datetime.datetime, note: str) -> Determination:
    """Another person does not confirm, and says why; nothing else changes."""
    if not note.strip():
        raise Refusal("请写明不予确认的原因，未作任何更改。")
    row = _taken(determination, by=by)
    _decide(row, DeterminationStatus.REFUSED, by=by, at=at, note=note.strip())
    return row


def _taken(determination: Determination, *, by: Actor) -> Determination:
    row = Determination.objects.select_for_update(of=("self",)).select_related("office").get(pk=determination.pk)
    if row.status != DeterminationStatus.SET:
        raise Refusal(f"该核定已不在待确认状态（{row.get_status_display()}），未作任何更改。请刷新后重试。")
    if not by.may("determination.confirm", row.office):
        raise Refusal(f"{by.label} 不能确认{row.office}的核定，未作任何更改。")
    if row.set_label == by.label or (by.person is not None and row.set_by_id == by.person.pk):
        raise Refusal(f"该核定由 {row.set_label} 提出，须由另一人确认，未作任何更改。")
    return row


def _decide(row: Determination, status: str, *, by: Actor, at: datetime.datetime, note: str) -> None:
    row.status, row.decided_by, row.decided_label = status, by.person, by.label
    row.decided_at, row.decision_note = at, note
    row.save(update_fields=["status", "decided_by", "decided_label", "decided_at", "decision_note"])


def _judged_again(row: Determination, policy_year: int, at: datetime.datetime) -> Confirmed:
    """The same rules on the day of the stored judgement; what is in review stays as it is (decision 0025)."""
    stored = Assessment.objects.filter(year=policy_year, uscc=row.uscc).first()
    unit = Unit.objects.filter(uscc=row.uscc).first()
    if stored is None or unit is None:
        return Confirmed(row, None)
    if stored.case_id is not None:
        return Confirmed(row, stored, in_review=True)
    policy = policies.for_screening(rulebook.SCHEME, policy_year, unit.region, stored.judged_on)
    rules = rulebook.of_policy(policy, stored.judged_on)
    connection.ensure_connection()
    chosen = {"usccs": [row.uscc]}
    lines = list(facts.copied(connection.connection, rules.question, "u.uscc = ANY(%(usccs)s)", chosen, one=True))
    cause = assessments.Cause(policy_year, at, determination_id=row.pk)
    assessments.write(assessments.judged(lines, rules, cause), cause, fresh=False)
    stored.refresh_from_db()
    return Confirmed(row, stored)
