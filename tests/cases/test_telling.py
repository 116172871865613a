"""What units are told of their cases: with the step, once, and nothing before an approval (N5.1)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caseworks.base.errors import Refusal
from caseworks.base.models import Notice
from caseworks.base.notices import recipients
from caseworks.books import checking
from caseworks.cases import objections, reviews
from caseworks.cases.models import Case, ReviewSheet
from caseworks.cases.recipients import mobile_in
from tests.cases.conftest import AT, Bureau, open_some
from tests.cases.test_announcements import FRIDAY, approved, object_to, published
from tests.cases.test_announcements import Staff as Announcers
from tests.cases.test_announcements import people as announcers
from tests.cases.test_reviews import Staff, mark, pass_on, people, through
from tests.cases.test_reviews import cases as reviewed

__all__ = ["announcers", "people", "reviewed"]
pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str, str, dict[str, str]]]:
    rows = Notice.objects.order_by("pk").values_list("template", "channel", "subject", "params")
    return [(template, channel, subject, params) for template, channel, subject, params in rows]


def test_nothing_is_promised_before_an_approval(reviewed: list[int], people: Staff) -> None:
    through(reviewed, people, "first", "second")
    assert not Notice.objects.exists()
    through(reviewed[:2], people, "approval")
    subjects = ["S000001", "S000002"]
    assert told() == [
        ("approved", "sms", subject, {"amount": f"10{number}.00", "business": "稳岗返还"})
        for number, subject in enumerate(subjects, 1)
    ], "a subject that is no unit has no portal"
    assert [row for row in checking.offences() if "promised" in row.invariant] == []


def test_an_approval_that_waits_for_another_promises_nothing_yet(reviewed: list[int], people: Staff) -> None:
    mark(reviewed[0], further=True)
    through(reviewed[:1], people, "first", "second", "approval")
    assert Case.objects.get(pk=reviewed[0]).status == "endorsed"
    assert not Notice.objects.exists()
    pass_on("further", reviewed[:1], people.supervisor)
    assert Notice.objects.count() == 1


def test_what_is_approved_anew_is_told_anew(reviewed: list[int], people: Staff, bureau: Bureau) -> None:
    one = reviewed[:1]
    through(one, people, "first", "second", "approval")
    reviews.send_back(case_ids=one, reasons=["data_wrong"], opinion="重核", by=people.approver, at=AT)
    through(one, people, "first", "second", "approval")
    assert len(set(Notice.objects.values_list("event_key", flat=True))) == 2


def test_a_refused_bulk_step_tells_nobody(reviewed: list[int], people: Staff) -> None:
    through(reviewed, people, "first", "second")
    with pytest.raises(Refusal):
        pass_on("approval", reviewed, people.reviewer)
    assert not Notice.objects.exists()


def test_a_thousand_are_told_by_as_many_queries_as_one(bureau: Bureau, people: Staff) -> None:
    spent = []
    for count, prefix in ((1, "A"), (1000, "B")):
        cases = open_some(bureau.county, count, prefix)
        ReviewSheet.objects.bulk_create(ReviewSheet(case_id=case) for case in cases)
        through(cases, people, "first", "second")
        with CaptureQueriesContext(connection) as queries:
            through(cases, people, "approval")
        spent.append(len(queries))
    assert Notice.objects.count() == 1001
    assert spent[1] <= spent[0]


def test_a_list_that_is_published_is_told_to_everybody_in_it(bureau: Bureau, announcers: Announcers) -> None:
    cases = approved(bureau, announcers)
    published(cases, announcers)
    assert [subject for template, _, subject, _ in told() if template == "announced"] == [
        "S000001",
        "S000002",
        "S000003",
    ]
    row = Notice.objects.select_related("version").filter(template="announced")[0]
    assert recipients.words(row, recipients.of([row])[row.pk])[1] == (
        "示例单位1：贵单位2024年度稳岗返还已列入公示，金额101.00元，公示至2024-07-05。请核对收款账户。"
        "咨询电话12333。测试县失业保险经办机构"
    )


def test_an_answered_objection_is_told_to_the_unit_without_a_name(bureau: Bureau, announcers: Announcers) -> None:
    announcement = published(approved(bureau, announcers), announcers)
    objection = object_to(announcement)
    objections.decide(objection, upheld=False, answer="经核实不属实", by=announcers.supervisor, at=AT, on=FRIDAY)
    [row] = Notice.objects.select_related("version").filter(template="objection_answered")
    words = recipients.words(row, recipients.of([row])[row.pk])[1]
    assert "结果：不成立。公示期满后继续拨付。" in words
    assert "李某" not in words
    assert "经核实不属实" not in words


def test_who_objected_is_told_at_the_contact_given_and_named_nowhere(bureau: Bureau, announcers: Announcers) -> None:
    announcement = published(approved(bureau, announcers), announcers)
    reached, unreached = object_to(announcement), object_to(announcement, 2, contact="长春市人民大街1号")
    for each in (reached, unreached):
        objections.decide(each, upheld=False, answer="经核实不属实", by=announcers.supervisor, at=AT, on=FRIDAY)
    [row] = Notice.objects.select_related("version").filter(template="objector_answered")
    assert (row.channel, row.subject, row.name, row.case, row.status) == (
        "sms", f"objector/{reached.pk}", "异议提出人", None, "waiting",
    )  # fmt: skip
    to = recipients.of([row])[row.pk]
    assert to.mobile == "13900000000"
    words = recipients.words(row, to)[1]
    reached.refresh_from_db()
    assert reached.document is not None
    assert words == (
        f"您对公示{announcement.number}第1行提出的异议（登记号{reached.pk}）已答复，结果：异议不成立。"
        f"答复书{reached.document.number}可到测试县失业保险经办机构领取，也可来电联系送达。咨询电话12333。测试县失业保险经办机构"
    )
    assert "李某" not in str(row.params) + words
    assert "139" not in str(row.params)
    assert mobile_in("张某 139 1234 5678（微信同号）") == "13912345678"
    assert mobile_in("0431-88888888") == mobile_in("220102199001011391234567890") == ""
