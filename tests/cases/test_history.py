"""The history: append-only, chained, anchored; what was changed or cut behind its back is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from caseworks.base.enums import Role
from caseworks.cases import history
from caseworks.cases.anchors import take_anchor
from caseworks.cases.models import Anchor, Case, Event
from caseworks.cases.verification import findings
from caseworks.people.actors import Actor
from tests.cases.conftest import AT, CLOCK, Bureau, open_some

pytestmark = pytest.mark.django_db


def behind(sql: str, *values: object) -> None:
    """Change rows as somebody with the database's own password could: with the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET session_replication_role = origin")


def found() -> list[tuple[str, int, int]]:
    return [(finding.check, finding.case, finding.seq) for finding in findings()]


@pytest.fixture
def cases(bureau: Bureau) -> list[int]:
    """Three cases with two events each, and an anchor over them."""
    opened = open_some(bureau.county, 3)
    history.take("pass_first", opened, by=CLOCK, at=AT, note="资料齐全\n“同意”")
    take_anchor(AT)
    return opened


def test_an_untouched_history_verifies(cases: list[int]) -> None:
    out = StringIO()
    call_command("verify_history", stdout=out)
    assert out.getvalue() == "3 件业务件、6 条历史、1 个锚点，全部相符\n"


def test_anybody_can_take_the_digest_again(bureau: Bureau, staff: Callable[..., Actor]) -> None:
    (case,) = open_some(bureau.county)
    actor = staff(Role.CLERK, bureau.county)
    history.take("pass_first", [case], by=actor, at=AT, note="资料齐全\n“同意”\\ \t", data={"b": [1, "二"], "a": None})
    before = b""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT case_id, seq, step, from_status, to_status,
                      to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                      person_id, actor, address, note, data::text, digest
               FROM cases_event ORDER BY seq"""
        )
        lines = cursor.fetchall()
    assert [line[5] for line in lines] == ["2024-07-01T09:30:00.000000Z"] * 2
    assert lines[1][6:9] == (actor.person.pk, actor.label, "192.0.2.7")
    for *fields, data, digest in lines:
        text = "[" + ", ".join([*(json.dumps(field, ensure_ascii=False) for field in fields), data]) + "]"
        before = hashlib.sha256(before + text.encode()).digest()
        assert bytes(digest) == before


@pytest.mark.parametrize(
    "change",
    [
        "note = '资料齐全\n“同急”'",
        "at = at + interval '1 microsecond'",
        "actor = actor || ' '",
        "person_id = NULL, address = '192.0.2.8'",
        'data = data || \'{"amount": "999.00"}\'',
        "step = 'refuse'",
        "digest = set_byte(digest, 31, get_byte(digest, 31) # 1)",
    ],
)
def test_one_flipped_byte_is_found(change: str, cases: list[int]) -> None:
    behind(f"UPDATE cases_event SET {change} WHERE case_id = %s AND seq = 1", cases[1])
    assert ("event_chain", cases[1], 1) in found()
    assert {case for _, case, _ in found()} == {cases[1]}
    with pytest.raises(
        CommandError, match=f"event_chain: 业务件 {cases[1]} 第 1 条: 摘要不符，内容已被改动"
    ) as refused:
        call_command("verify_history")
    assert refused.value.returncode == 1


def test_a_cut_tail_is_found_even_when_the_case_was_turned_back_with_it(cases: list[int]) -> None:
    behind("DELETE FROM cases_event WHERE case_id = %s AND seq = 2", cases[0])
    assert found() == [("case_head", cases[0], 2), ("anchored_head", cases[0], 2)]
    behind(
        "UPDATE cases_case c SET seq = 1, status = e.to_status, head = e.digest FROM cases_event e"
        " WHERE c.id = %s AND e.case_id = c.id",
        cases[0],
    )
    assert found() == [("anchored_head", cases[0], 2)]


def test_a_rewritten_tail_with_right_digests_is_found_by_the_anchor(cases: list[int]) -> None:
    behind("DELETE FROM cases_event WHERE case_id = %s AND seq = 2", cases[0])
    behind(
        "UPDATE cases_case c SET seq = 1, status = e.to_status, head = e.digest FROM cases_event e"
        " WHERE c.id = %s AND e.case_id = c.id",
        cases[0],
    )
    history.take("pass_first", cases[:1], by=CLOCK, at=AT, note="另一个意见")
    assert found() == [("anchored_head", cases[0], 2)]


def test_a_whole_case_that_vanished_is_found(cases: list[int]) -> None:
    behind("DELETE FROM cases_event WHERE case_id = %s", cases[2])
    behind("DELETE FROM cases_case WHERE id = %s", cases[2])
    assert found() == [("anchored_head", cases[2], 2)]


def test_a_line_taken_from_the_middle_is_found(cases: list[int]) -> None:
    history.take("pass_second", cases, by=CLOCK, at=AT)
    behind("DELETE FROM cases_event WHERE case_id = %s AND seq = 2", cases[0])
    assert ("event_chain", cases[0], 3) in found()


def test_a_changed_anchor_is_found(cases: list[int]) -> None:
    behind("DELETE FROM cases_anchorhead WHERE case_number = %s", cases[0])
    assert found() == [("anchor_chain", 0, 0)]


def test_a_case_that_claims_another_subject_is_found(cases: list[int]) -> None:
    behind("UPDATE cases_case SET subject = 'OTHER' WHERE id = %s", cases[0])
    assert found() == [("case_identity", cases[0], 1)]


def test_an_anchor_lists_only_what_moved_and_takes_in_the_one_before(cases: list[int]) -> None:
    quiet = take_anchor(AT.replace(hour=20))
    history.take("pass_second", cases[:1], by=CLOCK, at=AT)
    busy = take_anchor(AT.replace(hour=21))
    assert list(Anchor.objects.order_by("pk").values_list("heads", flat=True)) == [3, 0, 1]
    assert len({bytes(anchor.digest) for anchor in Anchor.objects.all()}) == 3
    assert busy.last_event > quiet.last_event
    assert found() == []
    behind("DELETE FROM cases_anchorhead WHERE anchor_id = %s", cases and Anchor.objects.order_by("pk")[0].pk)
    behind("DELETE FROM cases_anchor WHERE id = %s", Anchor.objects.order_by("pk")[0].pk)
    assert ("anchor_chain", 0, 0) in found()


@pytest.mark.parametrize("change", ["UPDATE cases_event SET note = 'x'", "DELETE FROM cases_event"])
def test_the_database_refuses_to_change_history(change: str, cases: list[int]) -> None:
    with pytest.raises(DatabaseError, match="Cannot update or delete rows from cases_event"), transaction.atomic():
        connection.cursor().execute(change)
    with pytest.raises(DatabaseError, match="Cannot update or delete rows"), transaction.atomic():
        connection.cursor().execute(change.replace("cases_event SET note = 'x'", "cases_anchor SET heads = 0"))
    assert Event.objects.count() == 6


@pytest.mark.parametrize(
    "change",
    [
        {"status": "paid"},
        {"seq": 1},
        {"head": b"x" * 32},
        {"status": "paid", "seq": 3},
        {"subject": "OTHER"},
        {"year": 2025},
        {"scheme": "dispatch"},
    ],
)
def test_nothing_but_the_door_moves_a_case(change: dict[str, object], cases: list[int]) -> None:
    with pytest.raises(IntegrityError, match="case_follows_its_history"), transaction.atomic():
        Case.objects.filter(pk=cases[0]).update(**change)


def test_an_office_changes_by_transfer_alone(cases: list[int], bureau: Bureau) -> None:
    with pytest.raises(IntegrityError, match="its office but for a transfer"), transaction.atomic():
        Case.objects.filter(pk=cases[0]).update(office=bureau.other, city_office=bureau.other)
    history.transfer_cases(cases[:1], to=bureau.other, by=CLOCK, at=AT, note="参保地迁移")
    with pytest.raises(IntegrityError, match="its office but for a transfer"), transaction.atomic():
        Case.objects.filter(pk=cases[0]).update(office=bureau.county)


def test_a_case_cannot_begin_without_history_or_end(cases: list[int]) -> None:
    case = Case.objects.get(pk=cases[0])
    case.pk, case.round = None, 2
    with pytest.raises(IntegrityError, match="case_follows_its_history"), transaction.atomic():
        case.save()
    with pytest.raises(DatabaseError, match="Cannot delete rows from cases_case"), transaction.atomic():
        connection.cursor().execute("DELETE FROM cases_case WHERE id = %s", [cases[0]])


def test_the_nightly_task_tells_the_digest_to_the_log(cases: list[int], caplog: pytest.LogCaptureFixture) -> None:
    from caseworks.cases.tasks import anchor_history

    digest = anchor_history()
    assert digest in caplog.text
    out = StringIO()
    call_command("anchor_history", stdout=out)
    assert bytes(Anchor.objects.order_by("-pk")[0].digest).hex() in out.getvalue()


def test_the_clock_takes_an_anchor_every_night() -> None:
    from caseworks.cases.tasks import anchor_history
    from caseworks.celery import app

    scheduled = [entry["task"] for entry in app.conf.beat_schedule.values()]
    assert scheduled.count(anchor_history.name) == 1
