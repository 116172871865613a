"""Who did what, by person, case, unit, time and address; an export leaves only with a second person's consent. (N6.2)"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from io import BytesIO

import openpyxl
import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.files import content_of
from caseworks.cases import history, reviews
from caseworks.cases.models import Case, ReviewSheet
from caseworks.oversight import trace_exports, traces
from caseworks.oversight.models import TraceExport
from caseworks.oversight.traces import Query
from caseworks.people.actors import Actor
from caseworks.people.models import Person, SignIn
from tests.cases.conftest import CLOCK
from tests.refunds_pages.conftest import assess, make_screening, make_unit
from tests.refunds_pages.staff import make_person

pytestmark = pytest.mark.django_db
AT = dt.datetime(2024, 7, 1, 1, 30, tzinfo=dt.UTC)
TODAY = dt.date(2024, 7, 3)
WEEK = Query(dt.date(2024, 6, 30), TODAY)


def actor(role: str, office: str = "220100", address: str = "192.0.2.7") -> Actor:
    return replace(Actor.of_person(make_person(role, office)), address=address)


@pytest.fixture
def world() -> dict[str, object]:
    """Two cases of two cities, the first passed twice and sent back; a run, sign-ins."""
    screening = make_screening()
    units = [make_unit(1, "长春示例机械有限公司", "220102"), make_unit(2, "吉林示例纺织有限公司", "220202")]
    for unit in units:
        assess(unit, screening)
    reviews.open_eligible(scheme="refunds", year=2024, by=CLOCK, at=AT)
    ReviewSheet.objects.update(sampled=False)  # whatever the draw: they are passed unopened
    first, second = (Case.objects.get(subject=unit.uscc) for unit in units)
    clerk, reviewer, other = actor("clerk"), actor("reviewer", address="192.0.2.8"), actor("clerk", "220200")
    for by, case, minute in ((clerk, first, 1), (other, second, 2)):
        reviews.pass_on(
            stage="first", case_ids=[case.pk], opinion="属实", by=by, at=AT + dt.timedelta(minutes=minute),
            shown=history.Shown(1, case.amount),
        )  # fmt: skip
    reviews.send_back(
        case_ids=[first.pk], reasons=["data_wrong"], opinion="人数不对", by=reviewer, at=AT + dt.timedelta(minutes=3)
    )
    runs.create("import", "x", "导入 units.csv", clerk, AT + dt.timedelta(minutes=4))
    SignIn.objects.create(username="clerk-220100", person=clerk.person, outcome="signed_in", address="192.0.2.7", at=AT)
    return {"first": first, "second": second, "clerk": clerk, "reviewer": reviewer, "units": units}


def found(query: Query, person: Person) -> list[tuple[str, str]]:
    rows, more = traces.page(query, person, TODAY)
    assert not more
    assert [row.at for row in rows] == sorted((row.at for row in rows), reverse=True)
    return [(row.source, row.what) for row in rows]


def boss(office: str = "220000") -> Person:
    return make_person("supervisor", office)


def test_everything_is_found_the_newest_first(world: dict[str, object]) -> None:
    assert found(WEEK, boss())[:4] == [
        ("后台任务", "等待开始"), ("审核签署", "复核退回"), ("办理", "退回初审"),
        ("审核签署", "初审通过"),
    ]  # fmt: skip
    assert ("登录", "登录") in found(WEEK, Person.objects.get(username="supervisor-220000"))


def test_it_is_asked_by_person_case_unit_time_address_and_source(world: dict[str, object]) -> None:
    person, clerk, first = boss(), world["clerk"], world["first"]
    assert isinstance(clerk, Actor)
    assert isinstance(first, Case)
    assert clerk.person is not None
    by_clerk = found(replace(WEEK, person=clerk.person.pk), person)
    assert sorted(by_clerk) == [
        ("办理", "初审通过"), ("后台任务", "等待开始"), ("审核签署", "初审通过"), ("登录", "登录"),
    ]  # fmt: skip
    of_case = [
        ("审核签署", "复核退回"),
        ("办理", "退回初审"),
        ("审核签署", "初审通过"),
        ("办理", "初审通过"),
        ("办理", "立件"),
    ]
    assert found(replace(WEEK, case=first.pk), person) == of_case
    assert found(replace(WEEK, unit="示例机械"), person) == of_case
    assert found(replace(WEEK, unit=first.subject.lower()), person) == of_case
    assert found(replace(WEEK, unit="没有这样的单位"), person) == []
    assert found(replace(WEEK, since=TODAY), person) == []
    assert found(replace(WEEK, address="192.0.2.8"), person) == [("办理", "退回初审")]
    assert found(replace(WEEK, source="review", case=first.pk), person) == [of_case[0], of_case[2]]


def test_a_city_sees_what_was_done_to_its_cases_and_by_its_people(world: dict[str, object]) -> None:
    about = {row.about for row in traces.page(WEEK, boss("220200"), TODAY)[0]}
    assert about == {"吉林示例纺织有限公司"}


def test_pages_follow_without_a_gap_or_a_double(world: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    person = boss()
    whole = [(row.rank, row.number) for row in traces.page(WEEK, person, TODAY)[0]]
    monkeypatch.setattr(traces, "PAGE", 3)
    pages, before, more = [], "", True
    while more:
        rows, more = traces.page(WEEK, person, TODAY, before=before)
        pages += [(row.rank, row.number) for row in rows]
        before = rows[-1].cursor
    assert pages == whole
    assert len(whole) == len(set(whole)) > 8


# -- exports


def asked(by: Actor) -> TraceExport:
    return trace_exports.ask(WEEK, words="一周", reason="省厅检查", by=by, at=AT)


def test_an_export_needs_a_second_person(world: dict[str, object]) -> None:
    one, two = Actor.of_person(boss()), Actor.of_person(make_person("supervisor", username="boss-2"))
    export = asked(one)
    with pytest.raises(Refusal, match="申请人不能自己同意"):
        trace_exports.decide(export, allow=True, answer="", by=one, at=AT)
    with pytest.raises(Refusal, match="没有决定"):
        trace_exports.decide(export, allow=True, answer="", by=actor("auditor", "220000"), at=AT)
    with pytest.raises(Refusal, match="没有决定"):
        trace_exports.decide(export, allow=True, answer="", by=Actor.of_person(boss("220200")), at=AT)
    assert trace_exports.make(export, at=AT).file is None  # not allowed yet
    trace_exports.decide(export, allow=True, answer="同意", by=two, at=AT)
    with pytest.raises(Refusal, match="未作任何更改"):
        trace_exports.decide(export, allow=False, answer="不行", by=two, at=AT)
    assert trace_exports.make_allowed(at=AT) == 1
    assert trace_exports.make_allowed(at=AT) == 0
    export.refresh_from_db()
    assert export.file is not None
    rows = list(openpyxl.load_workbook(BytesIO(content_of(export.file))).active.iter_rows(values_only=True))
    assert rows[0] == trace_exports.HEADER
    person = Person.objects.get(username="supervisor-220000")
    assert len(rows) - 1 == export.lines == len(traces.page(WEEK, person, TODAY)[0])
    assert any("人数不对" in str(cell) for row in rows for cell in row)


def test_the_database_holds_the_second_person_and_what_was_asked(world: dict[str, object]) -> None:
    one = Actor.of_person(boss())
    export = asked(one)
    with pytest.raises(IntegrityError, match="traceexport_four_eyes"), transaction.atomic():
        TraceExport.objects.filter(pk=export.pk).update(status="allowed", decided_by=one.person, decided_at=AT)
    for change in ({"query": {}}, {"reason": "别的"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            TraceExport.objects.filter(pk=export.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        export.delete()


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person, "caseworks.people.backends.RoleBackend")
    return client


def test_it_is_asked_allowed_and_taken_in_the_browser(world: dict[str, object]) -> None:
    one, two, third = boss(), make_person("supervisor", username="boss-2"), make_person("supervisor", username="boss-3")
    now = timezone.localdate().isoformat()
    given = {"since": "2024-06-30", "until": now, "reason": "省厅检查"}
    page = browser(one).post("/admin/traces/exports/ask/", given, follow=True).content.decode()
    assert f"2024-06-30 至 {now}" in page
    assert 'value="allow"' not in page
    export = TraceExport.objects.get()
    allowed = browser(two).post(f"/admin/traces/exports/{export.pk}/decide/", {"decision": "allow"}, follow=True)
    assert "已同意" in allowed.content.decode()
    trace_exports.make_allowed(at=timezone.now())
    taken = browser(one).get(f"/admin/traces/exports/{export.pk}/file/")
    assert taken.status_code == 200
    assert taken["Content-Disposition"].startswith("attachment")
    assert browser(third).get(f"/admin/traces/exports/{export.pk}/file/").status_code == 404
    assert "下载痕迹导出" in browser(two).get(f"/admin/traces/?since={now}").content.decode()
