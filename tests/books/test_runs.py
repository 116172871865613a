"""Looks at the books: kept, by scope, and red until what was found is settled. (N6.2)"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from caseworks.base import auditing
from caseworks.base.errors import Refusal
from caseworks.books import checking, looking, tasks
from caseworks.books.enums import Scope
from caseworks.books.models import BooksRun
from caseworks.money import batches
from caseworks.money.models import Batch, Payment, UseReport
from tests.money.conftest import AT, CLOCK, LATER, Cases, bureau, cases, staff  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def tamper(sql: str, *params: object) -> None:
    """Change a row past every trigger."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)


def looks() -> list[tuple[str, str, int | None, int]]:
    return list(BooksRun.objects.order_by("pk").values_list("scope", "about", "cases", "offences"))


def test_every_step_of_a_batch_is_looked_at_around(cases: Cases) -> None:  # noqa: F811
    (payment,) = cases.send(cases.some(1))
    number = Batch.objects.get().batch_no
    assert looks() == [
        ("batch", f"组批 {number}", 1, 0),
        ("batch", f"放行批次 {number}", 1, 0),
        ("batch", f"批次 {number} 送银行", 1, 0),
    ]
    assert looking.unsettled() is None
    assert payment.status == "sent"


def test_what_does_not_hold_together_is_not_sent_and_turns_the_desks_red(cases: Cases) -> None:  # noqa: F811
    drawn = cases.draw_up(cases.some(1, 2))
    batches.release(drawn[0], by=cases.staff.second, at=AT)
    tamper("UPDATE cases_case SET amount = amount + 1 WHERE id = %s", cases.by_number[2])
    with pytest.raises(Refusal, match=r"账目核对不符 \d 处，“批次 PC\d+ 送银行”未作任何更改。请勿再办理") as refused:
        batches.send(drawn[0], by=cases.staff.cashier, at=AT, on=AT.date())
    assert Payment.objects.filter(status="sent").count() == 0
    assert any("支付 102.00 元" in line and "103.00" in line for line in refused.value.details)
    red = looking.unsettled()
    assert red is not None
    assert red.scope == "batch"
    tamper("UPDATE cases_case SET amount = amount - 1 WHERE id = %s", cases.by_number[2])
    assert looking.look(Scope.CHANGED, by=CLOCK, at=LATER).is_clean
    assert looking.unsettled() is None


@pytest.mark.tampers
def test_what_a_bank_has_done_is_booked_whatever_the_books_say(cases: Cases) -> None:  # noqa: F811
    (case,) = cases.some(1)
    auditing.around("登记银行回盘", [case], by=CLOCK, at=AT, refuse=False)
    tamper("UPDATE cases_case SET status = 'paid' WHERE id = %s", case)
    auditing.around("登记银行回盘", [case], by=CLOCK, at=AT, refuse=False)
    assert [offences for *_, offences in looks()] == [0, 1]
    assert looking.unsettled() is not None


def test_the_hourly_look_is_at_what_moved_and_the_nightly_one_at_all(cases: Cases) -> None:  # noqa: F811
    one, two = cases.some(1, 2)
    assert [tasks.check_books(), tasks.check_books(), tasks.check_changed()] == [0, 0, 0]
    assert [cases for _, _, cases, _ in looks()] == [None, None, 0]
    cases.draw_up([two])
    tasks.check_changed()
    assert looks()[-1][2:] == (1, 0)
    tamper("UPDATE cases_case SET status = 'paid' WHERE id = %s", one)  # nothing moved: only a look at all finds it
    assert tasks.check_changed() == 0
    assert tasks.check_books() == 2
    assert tasks.check_changed() == 0
    found = looking.unsettled()
    assert found is not None
    assert found.scope == "all"
    tamper("UPDATE cases_case SET status = 'cleared' WHERE id = %s", one)
    assert tasks.check_books() == 0
    assert looking.unsettled() is None


def test_a_step_under_way_during_a_look_is_seen_by_the_next(cases: Cases) -> None:  # noqa: F811
    looking.look(Scope.CHANGED, by=CLOCK, at=AT)
    cases.some(1)
    looking.look(Scope.CHANGED, by=CLOCK, at=AT)
    looking.look(Scope.CHANGED, by=CLOCK, at=AT)
    assert [cases for _, _, cases, _ in looks()] == [0, 1, 1]


@pytest.mark.tampers
def test_the_command_can_look_at_what_changed_alone(
    cases: Cases,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    (case,) = cases.some(1)
    capsys.readouterr()
    call_command("check_books", "--changed")
    assert "项全部相符（1 件有变化）" in capsys.readouterr().out
    tamper("UPDATE cases_case SET status = 'paid' WHERE id = %s", case)
    with pytest.raises(CommandError, match="1 处不符"):
        call_command("check_books", "--changed")


def test_a_look_is_written_once(cases: Cases) -> None:  # noqa: F811
    looking.look(Scope.ALL, by=CLOCK, at=AT)
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        BooksRun.objects.update(offences=0, seconds=0)


@pytest.fixture
def sign_in(bureau: None) -> Callable[..., Client]:  # noqa: F811
    from tests.refunds_pages.staff import make_person

    def make(role: str, office: str = "220000") -> Client:
        person = make_person(role, office)
        client = Client()
        client.force_login(person, backend="caseworks.people.backends.RoleBackend")
        return client

    return make


def test_pages_are_red_with_a_link_to_the_offending_rows_of_the_own_offices(
    cases: Cases,  # noqa: F811
    sign_in: Callable[..., Client],
) -> None:
    (case,) = cases.some(1)
    supervisor = sign_in("supervisor")
    assert "账目核对不符" not in supervisor.get("/desk/").content.decode()
    tamper("UPDATE cases_case SET status = 'paid' WHERE id = %s", case)
    answer = supervisor.post("/desk/books/check/", follow=True)
    page = answer.content.decode()
    assert "已核对，1 处不符" in page
    assert f'href="/desk/cases/{case}/"' in page
    assert "账目核对不符 1 处" in supervisor.get("/desk/").content.decode()
    assert "账目核对不符 1 处" in supervisor.get("/desk/books/?show=unclean").content.decode()
    assert "账目：核对不符 1 处，请勿再办理有关业务" in supervisor.get("/admin/").content.decode()
    far = sign_in("clerk", "220200")
    run = BooksRun.objects.get()
    page = far.get(f"/desk/books/{run.pk}/").content.decode()
    assert f"/desk/cases/{case}/" not in page
    assert "1 处不在您的机构范围" in page
    assert far.post("/desk/books/check/").status_code == 403
    tamper("UPDATE cases_case SET status = 'cleared' WHERE id = %s", case)
    assert "项全部相符" in supervisor.post("/desk/books/check/", follow=True).content.decode()
    assert "账目核对不符" not in supervisor.get("/desk/").content.decode()
    assert "账目相符" in supervisor.get("/desk/books/").content.decode()


def test_the_looks_go_on_over_the_pages(sign_in: Callable[..., Client]) -> None:
    for _ in range(22):
        looking.look(Scope.ALL, by=CLOCK, at=AT)
    client = sign_in("supervisor")
    first = client.get("/desk/books/", {"rows": 20})
    assert len(first.context["page"].rows) == 20
    second = client.get(f"/desk/books/?{first.context['page'].next_query}")
    assert [row.pk for row in second.context["page"].rows] == list(BooksRun.objects.values_list("pk", flat=True))[20:]


def test_an_administrator_sees_no_books(sign_in: Callable[..., Client]) -> None:
    assert sign_in("administrator").get("/desk/books/").status_code == 403


@pytest.mark.tampers
def test_a_look_around_an_operation_sees_what_its_cases_have_to_do_with(cases: Cases) -> None:  # noqa: F811
    """What follows no case is looked at for the cases' own subjects, and of the others by the hour."""
    ids = cases.some(1, 2)
    cases.send(ids)
    for number in (1, 2):
        unit = cases.unit(number)
        UseReport.objects.create(
            scheme="refunds", year=2024, subject=unit.uscc, name=unit.name, office_id=unit.office_id,
            city_office_id=unit.city_office_id, why="sample", status="asked", received=5, total=3, handing=0,
        )  # fmt: skip
    for case, other in (ids, ids[::-1]):
        near = [row.invariant for row in checking.offences(of_cases=[case], around=True)]
        assert near == ["use_report_is_its_lines"], (case, other)
    assert len(checking.offences(of_cases=[ids[0]])) == 2
    assert len(checking.offences()) == 2
