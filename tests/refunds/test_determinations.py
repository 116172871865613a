"""人工核定: two people, evidence, judged again, never overwritten. (contract, 2; issue section 4)"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.models import Unit
from refunds import determinations, screening
from refunds.determinations import Wish
from refunds.enums import DeterminationStatus, Fact
from refunds.models import Assessment, AssessmentChange, Determination
from tests.refunds.build import a_year, make_unit, record
from tests.refunds.conftest import AS_OF, AT, OPERATOR

pytestmark = pytest.mark.django_db(transaction=True)

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture
def clerk(bureau: None) -> Actor:
    return Actor.of_person(Person.objects.get(username="training-clerk"))


@pytest.fixture
def reviewer(bureau: None) -> Actor:
    return Actor.of_person(Person.objects.get(username="training-reviewer"))


@pytest.fixture
def sizeless(bureau: None) -> Unit:
    """An enterprise whose size nobody knows, screened: manual."""
    unit = make_unit(1, size="")
    a_year(unit.uscc)
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    return unit


def wish(unit: Unit, fact: Fact = Fact.SIZE, value: str = "medium", **changes: Any) -> Wish:
    given = {"source": "企业 2023 年度报告", "evidence": "年报第 3 页：从业人员 120 人"}
    return Wish(unit.uscc, 2023, fact, value, **{**given, **changes})


def of(unit: Unit) -> Assessment:
    return Assessment.objects.get(uscc=unit.uscc)


def test_confirmed_by_another_person_the_unit_is_judged_again(
    sizeless: Unit, clerk: Actor, reviewer: Actor, tmp_path: Path
) -> None:
    assert (of(sizeless).outcome, of(sizeless).reasons) == ("manual", ["size_unknown"])
    row = determinations.set_fact(wish(sizeless), by=clerk, at=AT, file=ContentFile(PDF, name="年报.pdf"))
    assert (row.file_name, row.file_type) == ("年报.pdf", "application/pdf")
    assert row.file.read() == PDF
    assert of(sizeless).outcome == "manual"  # not before it is confirmed
    done = determinations.confirm(row, by=reviewer, at=AT)
    assert done.assessment is not None
    assert (of(sizeless).outcome, of(sizeless).size, of(sizeless).amount) == ("eligible", "medium", Decimal("720.00"))
    assert of(sizeless).determined == "size"
    change = AssessmentChange.objects.get()
    assert (change.determination, change.before["outcome"], change.after["outcome"]) == (row, "manual", "eligible")
    screening.run(2024, "", AS_OF, OPERATOR, AT)  # the next screening keeps it
    assert of(sizeless).outcome == "eligible"


def test_an_import_never_overwrites_what_was_confirmed(sizeless: Unit, clerk: Actor, reviewer: Actor) -> None:
    determinations.confirm(determinations.set_fact(wish(sizeless), by=clerk, at=AT), by=reviewer, at=AT)
    Unit.objects.filter(pk=sizeless.pk).update(size="large")  # what a later units.csv says
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    assert (of(sizeless).size, of(sizeless).ratio) == ("medium", Decimal("0.6000"))


def test_headcounts_and_type_are_settled_in_the_same_way(bureau: None, clerk: Actor, reviewer: Actor) -> None:
    opened, closed, other = make_unit(1), make_unit(2), make_unit(3, unit_type="other")
    a_year(opened.uscc, months=range(2, 13))
    record(opened.uscc, "2022-12")
    a_year(closed.uscc, months=range(1, 12))
    record(closed.uscc, "2022-12")
    a_year(other.uscc)
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    assert [of(unit).reasons for unit in (opened, closed, other)] == [
        ["opening_headcount_zero"], ["closing_headcount_missing"], ["unit_type_unclear"],
    ]  # fmt: skip
    for unit, fact, value in (
        (opened, Fact.OPENING_HEADCOUNT, "10"),
        (closed, Fact.CLOSING_HEADCOUNT, "8"),
        (other, Fact.UNIT_TYPE, "律师事务所"),
    ):  # fmt: skip
        determinations.confirm(determinations.set_fact(wish(unit, fact, value), by=clerk, at=AT), by=reviewer, at=AT)
    assert (of(opened).outcome, of(opened).opening_headcount) == ("eligible", 10)
    assert (of(closed).outcome, of(closed).layoff_rate) == ("eligible", Decimal("0.2000"))
    assert (of(other).outcome, of(other).unit_type) == ("eligible", "law_firm")


def test_nobody_confirms_what_they_set_themselves(sizeless: Unit, clerk: Actor, reviewer: Actor) -> None:
    row = determinations.set_fact(wish(sizeless), by=clerk, at=AT)
    with pytest.raises(Refusal, match="不能确认"):
        determinations.confirm(row, by=clerk, at=AT)
    mine = determinations.set_fact(wish(sizeless, Fact.CLOSING_HEADCOUNT, "9"), by=OPERATOR, at=AT)
    with pytest.raises(Refusal, match="须由另一人确认"):
        determinations.confirm(mine, by=OPERATOR, at=AT)
    with pytest.raises(IntegrityError, match="determination_four_eyes"), transaction.atomic():
        Determination.objects.filter(pk=row.pk).update(
            status=DeterminationStatus.CONFIRMED, decided_by=clerk.person, decided_label="另一个名字", decided_at=AT
        )
    assert of(sizeless).outcome == "manual"


def test_what_was_set_cannot_be_altered_or_removed(sizeless: Unit, clerk: Actor) -> None:
    row = determinations.set_fact(wish(sizeless), by=clerk, at=AT)
    with pytest.raises(Exception, match=r"frozen|Cannot update"), transaction.atomic():
        Determination.objects.filter(pk=row.pk).update(value="large")
    with pytest.raises(Exception, match="Cannot delete"), transaction.atomic():
        Determination.objects.filter(pk=row.pk).delete()


def test_a_refusal_needs_a_reason_and_changes_nothing(sizeless: Unit, clerk: Actor, reviewer: Actor) -> None:
    row = determinations.set_fact(wish(sizeless), by=clerk, at=AT)
    with pytest.raises(Refusal, match="写明"):
        determinations.refuse(row, by=reviewer, at=AT, note=" ")
    determinations.refuse(row, by=reviewer, at=AT, note="年报不清晰，请补页")
    row.refresh_from_db()
    assert (row.status, row.decision_note) == (DeterminationStatus.REFUSED, "年报不清晰，请补页")
    assert of(sizeless).outcome == "manual"
    with pytest.raises(Refusal, match="已不在待确认状态"):
        determinations.confirm(row, by=reviewer, at=AT)
    determinations.set_fact(wish(sizeless), by=clerk, at=AT)  # it may be set again


def test_a_later_one_supersedes_and_two_never_wait(sizeless: Unit, clerk: Actor, reviewer: Actor) -> None:
    first = determinations.set_fact(wish(sizeless), by=clerk, at=AT)
    with pytest.raises(Refusal, match="等待确认"):
        determinations.set_fact(wish(sizeless, value="large"), by=clerk, at=AT)
    determinations.confirm(first, by=reviewer, at=AT)
    determinations.confirm(determinations.set_fact(wish(sizeless, value="大型"), by=clerk, at=AT), by=reviewer, at=AT)
    first.refresh_from_db()
    assert first.status == DeterminationStatus.SUPERSEDED
    assert of(sizeless).amount == Decimal("360.00")


def test_what_is_in_review_stays_as_it_is(sizeless: Unit, clerk: Actor, reviewer: Actor) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE refunds_assessment SET case_id = 1")
    done = determinations.confirm(determinations.set_fact(wish(sizeless), by=clerk, at=AT), by=reviewer, at=AT)
    assert done.in_review
    assert of(sizeless).outcome == "manual"


def test_while_a_screening_runs_a_confirmation_waits(sizeless: Unit, clerk: Actor, reviewer: Actor) -> None:
    row = determinations.set_fact(wish(sizeless), by=clerk, at=AT)
    with runs.exclusive("screening:2024"), pytest.raises(Refusal, match="筛查正在进行"):
        determinations.confirm(row, by=reviewer, at=AT)
    row.refresh_from_db()
    assert row.status == DeterminationStatus.SET


WRONG = [
    ({"value": "巨型"}, "代码表"),
    ({"fact": Fact.CLOSING_HEADCOUNT, "value": "-1"}, ""),
    ({"fact": Fact.OPENING_HEADCOUNT, "value": "0"}, "大于 0"),
    ({"source": " "}, "来源"),
    ({"evidence": ""}, "依据"),
    ({"uscc": "91000000000000000X"}, "没有这个代码"),
]


@pytest.mark.parametrize(("changes", "words"), WRONG)
def test_a_wrong_determination_is_refused_in_words(
    sizeless: Unit, clerk: Actor, changes: dict[str, Any], words: str
) -> None:
    given = {
        "uscc": sizeless.uscc,
        "year": 2023,
        "fact": Fact.SIZE,
        "value": "medium",
        "source": "年报",
        "evidence": "第 3 页",
    }
    with pytest.raises(Refusal, match="没有保存") as refused:
        determinations.set_fact(Wish(**{**given, **changes}), by=clerk, at=AT)
    assert words in str(refused.value)
    assert not Determination.objects.exists()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("年报.pdf", b"MZ\x90\x00 a program", "按内容识别"),
        ("空.pdf", b"", "按内容识别"),
        ("大.pdf", PDF + b"0" * 10485760, "超过 10 MB"),
    ],
)  # fmt: skip
def test_evidence_is_known_by_its_content(sizeless: Unit, clerk: Actor, name: str, data: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        determinations.set_fact(wish(sizeless), by=clerk, at=AT, file=ContentFile(data, name=name))
    assert not Determination.objects.exists()


def test_only_those_who_may(sizeless: Unit, reviewer: Actor) -> None:
    with pytest.raises(Refusal, match="办理范围"):
        determinations.set_fact(wish(sizeless), by=reviewer, at=AT)


def test_a_sheet_is_taken_whole_or_not_at_all(province: Path, tmp_path: Path, clerk: Actor, reviewer: Actor) -> None:
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    units = list(Assessment.objects.filter(reasons=["size_unknown"]).values_list("uscc", flat=True))
    good = f"{units[0]},2023,企业划型,小型,年报,第 3 页\n"
    sheet = tmp_path / "核定.csv"
    head = "统一社会信用代码,缴费年度,核定项,核定值,来源,依据说明\n"
    sheet.write_text(
        head + good + good + "91220101MA0000000X,2023,size,小型,年报,\n" + f"{units[0]},23,划型,小,年报,x\n"
    )
    with pytest.raises(Refusal) as refused:
        determinations.set_sheet(sheet, by=clerk, at=AT)
    assert [line.split()[1] for line in refused.value.details] == ["3", "4", "4", "5", "5"]
    assert not Determination.objects.exists()
    sheet.write_text(head + good)
    rows = determinations.set_sheet(sheet, by=clerk, at=AT, file=ContentFile(PDF, name="年报.pdf"))
    assert [(row.uscc, row.value, bool(row.file)) for row in rows] == [(units[0], "small", True)]
    determinations.confirm(rows[0], by=reviewer, at=AT)
    assert Assessment.objects.get(uscc=units[0]).outcome == "eligible"
    sheet.write_text(head)
    with pytest.raises(Refusal):
        determinations.set_sheet(sheet, by=clerk, at=AT)
