"""An approval is tied to what it approved: where a later import makes that untrue, the signatures end and the case goes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from kombu.exceptions import OperationalError

from caseworks.base.errors import Refusal
from caseworks.books import checking
from caseworks.cases import announcements, approvals, history, openings
from caseworks.cases.models import Announcement, Case, Event, Review, ReviewSheet
from caseworks.cases.tasks import end_approvals_of, end_changed_approvals
from caseworks.celery import app
from caseworks.money import batches
from caseworks.people.actors import Actor
from caseworks.registry import imports, successions
from caseworks.registry.enums import FileKind, Mode
from caseworks.registry.imports import Wish
from caseworks.registry.loading import landing
from caseworks.registry.models import Contribution, Unit
from refunds import drift
from tests.faults import world
from tests.machine.bureau import Bureau, people, screened, stand
from tests.refunds.build import a_year, make_unit
from tests.refunds.test_successions import PDF

CLOCK = Actor.of_command("test")
STANDS = ("opened", "first_passed", "second_passed", "approved", "approved", "announced")


@pytest.fixture
def bureau(db: None, settings: Any, tmp_path: Path) -> Bureau:
    """Six cases: one that waits for its first review, one at each stage, two approved, one announced."""
    settings.TRAINING = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("setup")
    world.rich()
    found = Bureau(tmp_path, people())
    screened(len(STANDS))
    found.open()
    ReviewSheet.objects.update(sampled=False)
    for case, status in zip(Case.objects.order_by("pk"), STANDS, strict=True):
        while case.status != status:
            found.forward(case)
            case.refresh_from_db()
    settings.TRAINING = False
    return found


def case(place: int) -> Case:
    return Case.objects.order_by("pk")[place]


def statuses() -> list[str]:
    return list(Case.objects.order_by("pk").values_list("status", flat=True))


def test_nothing_changed_nothing_falls(bureau: Bureau) -> None:
    before = stand()
    assert end_changed_approvals() == 0
    assert stand() == before


def test_what_was_signed_and_is_so_no_longer_goes_back_with_the_reason(bureau: Bureau) -> None:
    for place in range(6):
        bureau.corrected(case(place), 3, 250)
    kept = case(4)
    bureau.corrected(kept, 3, 100)  # corrected back: what was approved is true
    assert end_changed_approvals() == 3
    assert statuses() == ["opened", "opened", "opened", "opened", "approved", "announced"]
    fallen = case(3)
    last = Event.objects.get(case=fallen, seq=fallen.seq)
    assert (last.step, last.from_status, last.actor) == (
        "send_back",
        "approved",
        CLOCK.label.replace("test", "end_changed_approvals"),
    )
    assert last.note == "审核之后数据有变化（上年度实缴失业保险费、返还金额），签署不再有效，请重新核定"
    assert last.data == {"reasons": ["data_changed"]}
    assert Review.objects.filter(case=fallen).count() == 3
    assert not Review.objects.filter(case=fallen, standing=True).exists()
    assert Review.objects.filter(case=kept, standing=True).count() == 3
    before = stand()
    assert end_changed_approvals() == 0
    assert stand() == before, "twice is as good as once"
    assert checking.offences() == []


def test_whoever_opens_the_case_sees_why(bureau: Bureau) -> None:
    bureau.corrected(case(3), 3, 250)
    end_changed_approvals()
    client = Client()
    client.force_login(bureau.by("clerk").person, "caseworks.people.backends.RoleBackend")
    page = client.get(reverse("cases:case_detail", args=[case(3).pk])).content.decode()
    assert "退回原因：审核后数据有变化" in page
    assert "审核之后数据有变化（上年度实缴失业保险费、返还金额），签署不再有效，请重新核定" in page


def test_after_it_is_judged_again_it_goes_on_with_new_signatures(bureau: Bureau) -> None:
    bureau.corrected(case(3), 3, 250)
    end_changed_approvals()
    assert openings.rejudge(case(3).pk, by=bureau.by("clerk"), at=bureau.at, note="重新核定")
    for _ in range(3):
        bureau.forward(case(3))
    assert (case(3).status, str(case(3).amount)) == ("approved", "810.00")
    assert end_changed_approvals() == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda unit: Unit.objects.filter(pk=unit.pk).update(size="large"),
        lambda unit: Unit.objects.filter(pk=unit.pk).update(status="deregistered"),
        lambda unit: Contribution.objects.filter(uscc=unit.uscc, period="2023-12").update(headcount=1),
        lambda unit: Contribution.objects.filter(uscc=unit.uscc, period="2023-05").update(paid=0, paid_on=None),
    ],
    ids=["size", "status", "layoffs", "arrears"],
)
def test_whatever_the_judgement_shows_counts(bureau: Bureau, change: Callable[[Unit], object]) -> None:
    change(Unit.objects.get(uscc=case(3).subject))
    assert end_changed_approvals() == 1
    assert statuses()[3] == "opened"


def test_what_the_judgement_does_not_show_does_not_count(bureau: Bureau) -> None:
    Unit.objects.filter(uscc=case(3).subject).update(address="新址", phone="13912345678")
    Contribution.objects.filter(uscc=case(3).subject, period="2023-05").update(paid_on=dt.date(2023, 5, 21))
    assert end_changed_approvals() == 0


def test_nothing_is_announced_between_the_import_and_the_clock(bureau: Bureau) -> None:
    bureau.corrected(case(3), 3, 250)
    ids = [case(3).pk, case(4).pk]
    before = stand()
    with pytest.raises(Refusal) as refused:
        announcements.draw_up(
            scheme="refunds", year=2024, case_ids=ids, title="公示", by=bureau.by("reviewer"), at=bureau.at
        )
    assert refused.value.message == (
        "1 件审批之后数据有变化，签署不再有效，未作任何更改：示例4商贸有限公司（上年度实缴失业保险费、返还金额）。请退回初审，重新核定后再审核。"
    )
    assert stand() == before
    assert announcements.draw_up(
        scheme="refunds", year=2024, case_ids=ids[1:], title="公示", by=bureau.by("reviewer"), at=bureau.at
    )


def test_a_list_drawn_up_before_is_not_published_with_a_case_that_fell(bureau: Bureau) -> None:
    ids = [case(3).pk, case(4).pk]
    row = announcements.draw_up(
        scheme="refunds", year=2024, case_ids=ids, title="公示", by=bureau.by("reviewer"), at=bureau.at
    )
    bureau.corrected(case(3), 3, 250)
    assert end_changed_approvals() == 1
    with pytest.raises(Refusal, match="1 户在拟制之后有变化或已不是待公示状态"):
        announcements.publish(row, by=bureau.by("reviewer", 1), at=bureau.at, on=bureau.day)
    assert Announcement.objects.get(pk=row.pk).status == "drawn"


@pytest.mark.tampers
def test_neither_announced_nor_batched_on_a_signature_for_other_contents(bureau: Bureau) -> None:
    now = history.Content(case(3).name, case(3).amount, b"x" * 32)
    wrong = case(3).pk
    signed = Review.objects.get(case=wrong, stage="approval")
    history.rejudge_case(wrong, now=now, by=CLOCK, at=bureau.at, note="测试")  # and nobody ended the signatures
    for name in ("pass_first", "pass_second", "approve"):
        history.take(name, [wrong], by=CLOCK, at=bureau.at, note="测试")
    with pytest.raises(Refusal, match="1 件的审批不是对现有内容和金额作出的，未作任何更改：示例4商贸有限公司。"):
        announcements.draw_up(
            scheme="refunds", year=2024, case_ids=[wrong], title="公示", by=bureau.by("reviewer"), at=bureau.at
        )
    for name in ("announce", "clear"):
        history.take(name, [wrong], by=CLOCK, at=bureau.at, note="测试")
    with pytest.raises(Refusal, match="1 件的审批不是对现有内容和金额作出的"):
        batches.draw_up(
            scheme="refunds", year=2024, case_ids=[wrong], by=bureau.by("cashier"), at=bureau.at, on=bureau.day
        )
    assert Review.objects.get(pk=signed.pk).standing


def test_a_top_up_falls_too(bureau: Bureau, settings: Any) -> None:
    settings.TRAINING = True
    paid = case(5)
    for _ in range(3):
        bureau.forward(Case.objects.get(pk=paid.pk))
    assert Case.objects.get(pk=paid.pk).status == "paid"
    bureau.corrected(paid, 3, 250)
    bureau.recalculated()
    bureau.decide_difference(0, decline=False)
    topped = Case.objects.get(subject=paid.subject, round=2)
    ReviewSheet.objects.update(sampled=False)
    for _ in range(3):
        bureau.forward(Case.objects.get(pk=topped.pk))
    assert Case.objects.get(pk=topped.pk).status == "approved"
    assert end_changed_approvals() == 0
    Unit.objects.filter(uscc=paid.subject).update(status="deregistered")  # since: no correction of what it was (0070)
    assert end_changed_approvals() == 0
    bureau.corrected(paid, 4, 137)
    assert end_changed_approvals() == 1
    topped.refresh_from_db()
    assert topped.status == "opened"


def test_many_cost_as_many_queries_as_one(bureau: Bureau) -> None:
    counts = []
    for some in ([case(3).pk], list(Case.objects.values_list("pk", flat=True))):
        with CaptureQueriesContext(connection) as queries:
            assert drift.changed(some) == {}
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert approvals.end_changed(by=CLOCK, at=bureau.at) == 0


# -- right after an import


HEADER = "uscc,period,kind,serial,headcount,due,paid,paid_on\n"


@pytest.fixture
def at_once(settings: Any) -> Iterator[None]:
    """Tasks run where they are sent."""
    before, app.conf.task_always_eager = app.conf.task_always_eager, True
    yield
    app.conf.task_always_eager = before


def month(uscc: str, paid: int) -> str:
    return f"{uscc},2023-03,normal,1,10,100.00,{paid}.00,2023-03-20\n"


def test_an_import_ends_what_it_makes_untrue_at_once(
    bureau: Bureau, at_once: None, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    bureau.corrected(case(4), 3, 250)  # changed behind by something else: this one waits for the clock
    path = tmp_path / "contributions.csv"
    path.write_text(HEADER + "".join(month(case(place).subject, 250) for place in (0, 3)), encoding="utf-8")
    with django_capture_on_commit_callbacks(execute=True) as sent:
        call_command("import_data", path)
    assert len(sent) == 1
    assert statuses() == ["opened", "first_passed", "second_passed", "opened", "approved", "announced"]
    last = Event.objects.get(case=case(3), seq=case(3).seq)
    assert (last.step, last.note) == (
        "send_back",
        "审核之后数据有变化（上年度实缴失业保险费、返还金额），签署不再有效，请重新核定",
    )
    before = stand()
    with django_capture_on_commit_callbacks(execute=True) as sent:
        call_command("import_data", path)  # the same again: nothing landed, nobody is told
    assert sent == []
    assert end_approvals_of([case(3).subject]) == 0
    assert stand() == before, "twice is as good as once"
    assert end_changed_approvals() == 1
    assert statuses()[4] == "opened"


def test_who_took_a_unit_over_is_looked_at_too(bureau: Bureau) -> None:
    heir, old, day = Unit.objects.get(uscc=case(3).subject), make_unit(99), dt.date(2023, 7, 1)
    a_year(old.uscc)
    given = {"effective_on": day, "document_no": "吉市监准字〔2023〕12号", "file": PDF, "at": bureau.at}
    row = successions.propose(predecessor=old.uscc, successor=heir.uscc, by=bureau.by("clerk"), **given)
    successions.confirm(row, by=bureau.by("reviewer"), at=bureau.at)
    assert end_approvals_of([make_unit(98).uscc]) == 0
    assert end_approvals_of([old.uscc]) == 1
    assert statuses()[3] == "opened"


def test_of_many_rows_nobody_is_named_and_all_are_looked_at(
    bureau: Bureau,
    at_once: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(landing, "FEW", 0)
    bureau.corrected(case(4), 3, 250)
    path = tmp_path / "contributions.csv"
    path.write_text(HEADER + month(case(3).subject, 250), encoding="utf-8")
    with django_capture_on_commit_callbacks(execute=True):
        call_command("import_data", path)
    assert statuses() == ["opened", "first_passed", "second_passed", "opened", "opened", "announced"]


def test_an_import_succeeds_without_a_broker(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def gone(*args: object, **more: object) -> None:
        raise OperationalError("nobody listens")

    monkeypatch.setattr(end_approvals_of, "apply_async", gone)
    path = tmp_path / "contributions.csv"
    path.write_text(HEADER + month(case(3).subject, 250), encoding="utf-8")
    with django_capture_on_commit_callbacks(execute=True):
        call_command("import_data", path)
    assert statuses()[3] == "approved"
    assert end_changed_approvals() == 1, "the clock catches up"


def test_voided_records_end_what_they_make_untrue(
    bureau: Bureau, at_once: None, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    uscc = case(3).subject
    path = tmp_path / "contributions.csv"
    path.write_text(
        HEADER + "".join(month(row.subject, 100) for row in Case.objects.exclude(subject=uscc)), encoding="utf-8"
    )
    wish = Wish(FileKind.CONTRIBUTIONS, Mode.REPLACE, "2023-03", "2023-03")
    done = imports.load(path, FileKind.CONTRIBUTIONS, bureau.by("clerk"), bureau.at, wish=wish)
    assert done.retirements_proposed == 1
    client = Client()
    client.force_login(bureau.by("reviewer").person, "caseworks.people.backends.RoleBackend")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            reverse("registry:retirements_of_file", args=[done.pk]),
            {"decision": "confirm", "everything": "on", "expected": "1"},
        )
    assert answer.status_code == 302
    assert statuses()[3] == "opened"


def test_what_names_no_unit_tells_nobody(
    bureau: Bureau, at_once: None, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    path = tmp_path / "fund.csv"
    path.write_text("region,year,closing_balance,expenditure\n220100,2019,1.00,1.00\n", encoding="utf-8")
    with django_capture_on_commit_callbacks(execute=True) as sent:
        call_command("import_data", path)
    assert sent == []
