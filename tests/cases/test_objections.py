"""Objections: evidence kept, the line held alone, decided by another with a letter; judged again and announced anew. (N6.2)"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.db import ProgrammingError, transaction

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.models import Document
from caseworks.books import checking
from caseworks.cases import announcements, objections
from caseworks.cases.models import Case, Event, Hold, Objection
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from tests.cases.conftest import AT, CLOCK, Bureau, bureau, staff  # noqa: F401
from tests.cases.test_announcements import (  # noqa: F401
    FRIDAY,
    MONDAY,
    NEXT_MONDAY,
    Staff,
    approved,
    object_to,
    people,
    published,
    statuses,
)  # fmt: skip
from tests.cases.test_corrections import corrected, judged, lines, sign

pytestmark = pytest.mark.django_db
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000") + b"\0" * 40 + b"IEND\xaeB`\x82"


def picture(name: str = "工资表.png") -> files.Accepted:
    return files.accept(ContentFile(PNG, name=name), files.SCANS)


def decide(row: Objection, people: Staff, **more: object) -> Objection:  # noqa: F811
    values = {"upheld": False, "answer": "经查人数属实", "by": people.supervisor, "at": AT, "on": FRIDAY, **more}
    return objections.decide(row, **values)  # type: ignore[arg-type]


def test_evidence_is_kept_with_the_objection(bureau: Bureau, people: Staff) -> None:  # noqa: F811
    announcement = published(approved(bureau, people), people)
    made = object_to(announcement, attachments=[picture(), picture("合同.png")])
    assert [(each.file.name, each.file.type) for each in made.files.all()] == [
        ("工资表.png", "image/png"), ("合同.png", "image/png")
    ]  # fmt: skip
    with pytest.raises(Refusal, match="材料最多 5 个文件，未作登记"):
        object_to(announcement, attachments=[picture()] * 6)
    with pytest.raises(ProgrammingError, match="cases_objectionfile"), transaction.atomic():
        made.files.all().delete()


def test_every_decision_is_answered_by_a_letter_with_a_number(bureau: Bureau, people: Staff) -> None:  # noqa: F811
    Office.objects.filter(pk=bureau.county.pk).update(phone="0431-12345678")
    announcement = published(approved(bureau, people), people)
    first = decide(object_to(announcement), people)
    second = decide(object_to(announcement, 2), people, upheld=True, answer="裁员属实\n依据为参保登记")
    assert [row.document.number for row in (first, second) if row.document] == [
        "测试县〔2024〕1号", "测试县〔2024〕2号"
    ]  # fmt: skip
    assert second.document is not None
    said = second.document.data
    assert said["to"] == "李某"
    assert said["paragraphs"] == [
        "您于2024年7月5日就《2024年度稳岗返还公示（第一批）》（测试县公示〔2024〕1号）第 2 行“示例单位2”"
        "提出的异议（裁员情况不实）收悉。经核实，现答复如下：",
        "裁员属实",
        "依据为参保登记",
        "处理结论：异议成立，对该户不予支付。",
        "如有新的事实和证据，可继续向测试县反映，电话 0431-12345678。",
    ]
    assert files.content_of(second.document.file)[:5] == b"%PDF-"
    # who objected is no business of the unit: the letter is none of its documents
    assert list(Document.objects.values_list("subject", flat=True)) == ["", ""]
    assert (first.remedy, second.remedy) == ("", "refused")


def test_an_upheld_objection_has_the_case_judged_and_announced_again(
    bureau: Bureau, people: Staff, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    cases = approved(bureau, people)
    announcement = published(cases, people)
    row = object_to(announcement)
    judged(monkeypatch, cases[0], "101.00", same=True)
    with pytest.raises(Refusal, match="重新核定，结果没有变化，未作任何更改"):
        decide(row, people, upheld=True, recalculate=True)
    assert (Objection.objects.get().status, Document.objects.count(), statuses(cases)[0]) == ("open", 0, "announced")
    judged(monkeypatch, cases[0], "61.00")
    row = decide(row, people, upheld=True, recalculate=True, answer="少报减员，已更正")
    assert (row.status, row.remedy, str(row.amount_before), str(row.amount_after)) == (
        "upheld", "recalculated", "101.00", "61.00",
    )  # fmt: skip
    assert row.document is not None
    assert "处理结论：异议成立，已对该户重新核定，结果另行公示。" in row.document.data["paragraphs"]
    assert statuses(cases) == ["opened", "announced", "announced"]
    assert Hold.objects.standing().count() == 0
    event = Event.objects.filter(case=cases[0]).latest("seq")
    assert (event.step, event.person) == ("rejudge", people.supervisor.person)
    assert announcements.clear_due(NEXT_MONDAY, by=CLOCK, at=AT) == 2
    sign(cases[0], people)
    again = announcements.publish(corrected(announcement, people), by=people.approver, at=AT, on=NEXT_MONDAY)
    assert [line[1:3] for line in lines(again)] == [("示例单位1", "lowered")]
    assert [found for found in checking.offences() if found.invariant == "objection_decided_by_another"] == []


def test_what_gets_nothing_any_more_is_refused_at_once(
    bureau: Bureau, people: Staff, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    cases = approved(bureau, people)
    row = object_to(published(cases, people))
    judged(monkeypatch, cases[0], "0.00", payable=False)
    row = decide(row, people, upheld=True, recalculate=True)
    assert (row.remedy, statuses(cases)[0]) == ("refused", "refused")
    assert Case.objects.get(pk=cases[0]).events.latest("seq").note.endswith("（重新核定不符合条件）")


def test_a_second_objection_keeps_the_line_held_through_its_new_judgement(
    bureau: Bureau, people: Staff, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    cases = approved(bureau, people)
    announcement = published(cases, people)
    first, second = object_to(announcement), object_to(announcement, kind="premium")
    judged(monkeypatch, cases[0], "61.00")
    decide(first, people, upheld=True, recalculate=True)
    sign(cases[0], people)
    announcements.publish(corrected(announcement, people), by=people.approver, at=AT, on=MONDAY)
    assert announcements.clear_due(NEXT_MONDAY, by=CLOCK, at=AT) == 2
    assert statuses(cases) == ["announced", "cleared", "cleared"]
    decide(second, people, on=NEXT_MONDAY)
    assert announcements.clear_due(NEXT_MONDAY, by=CLOCK, at=AT) == 1


def test_who_decided_may_not_be_one_of_the_reviewers_of_what_was_decided(
    bureau: Bureau, people: Staff, staff: Callable[..., Actor]  # noqa: F811
) -> None:  # fmt: skip
    row = object_to(published(approved(bureau, people), people))
    for by in (people.reviewer, people.approver):
        with pytest.raises(Refusal, match="由未参与审核的人员处理"):
            decide(row, people, by=by)
    with pytest.raises(Refusal, match="没有对测试县的业务件办理“不予支付”的权限"):
        decide(row, people, by=staff("reviewer", bureau.province), upheld=True)
    assert Document.objects.count() == 0
