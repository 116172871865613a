"""The books after a year was rehearsed: clean; and each invariant names the row that somebody tampered with."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from caseworks.books import checking
from caseworks.cases.models import AnnouncementLine, Case, Objection
from caseworks.money.models import Payment

# What a tamperer with the database's own powers does to the paid case `c`, to another one `d`, or around them.
TAMPERING = {
    "case_is_its_last_event": "UPDATE cases_case SET status = 'cleared' WHERE id = %(c)s",
    "nobody_signed_twice": """
        UPDATE cases_event SET person_id = (SELECT person_id FROM cases_event WHERE case_id = %(c)s AND seq = 2)
        WHERE case_id = %(c)s AND step = 'pass_second'""",
    "signature_is_in_the_history": "DELETE FROM cases_event WHERE case_id = %(c)s AND step = 'pass_second'",
    "approved_by_all_who_must": "UPDATE cases_review SET standing = false WHERE case_id = %(c)s AND stage = 'second'",
    "flags_cleared_before_passing": "DELETE FROM cases_flagclearing",
    "sampled_cases_were_opened": "DELETE FROM cases_examination",
    "settled_cases_were_announced": "UPDATE cases_announcement SET status = 'drawn'",
    "announced_as_it_is": "UPDATE cases_announcementline SET amount = amount + 1 WHERE case_id = %(c)s",
    "announcement_totals": "UPDATE cases_announcement SET count = count + 1",
    "one_live_payment_a_case": "UPDATE money_payment SET case_id = %(c)s WHERE case_id = %(d)s",
    "one_live_payment_a_subject": """
        UPDATE money_payment SET attempt = 2, subject = (SELECT subject FROM cases_case WHERE id = %(c)s)
        WHERE case_id = %(d)s""",
    "payment_is_of_its_case": "UPDATE money_payment SET amount = amount + 1 WHERE case_id = %(c)s",
    "case_stands_as_its_payment": "UPDATE money_payment SET status = 'cancelled' WHERE case_id = %(c)s",
    "returned_cases_had_a_return": "UPDATE cases_case SET status = 'returned' WHERE id = %(c)s",
    "attempts_without_gaps": "UPDATE money_payment SET attempt = 3 WHERE case_id = %(c)s",
    "sent_after_the_announcement": "UPDATE cases_announcement SET last_day = '2024-07-08'",
    "sent_only_what_was_announced": "UPDATE cases_announcement SET status = 'drawn'",
    "payment_stands_as_its_batch": "UPDATE money_payment SET sent_on = '2024-07-07' WHERE case_id = %(c)s",
    "batch_totals": "UPDATE money_batch SET lines = lines + 1",
    "bank_file_is_its_batch": "UPDATE money_bankfile SET amount = amount + 1",
    "bank_results_follow_sending": "UPDATE money_payment SET paid_on = '2024-07-01' WHERE case_id = %(c)s",
    "movements_are_the_payment": "UPDATE money_movement SET amount = amount + 1",
    "movement_on_its_day": """UPDATE money_movement SET "on" = '2024-07-20'""",
    "refund_case_is_its_judgement": "UPDATE refunds_assessment SET name = '别的单位' WHERE case_id = %(c)s",
    "refund_paid_to_the_eligible": "UPDATE refunds_assessment SET outcome = 'manual' WHERE case_id = %(c)s",
    "refund_is_premium_by_ratio": "UPDATE refunds_assessment SET premium = premium + 100 WHERE case_id = %(c)s",
}
OBJECTIONS = {"open_objection_holds_its_line", "objection_decided_by_another", "nothing_sent_under_objection"}


def names() -> set[str]:
    return {offence.invariant for offence in checking.offences()}


def object_to(case: Case, **changes: object) -> None:
    """An objection put into the table past the operation."""
    line = AnnouncementLine.objects.get(case=case)
    given = {
        "line": line, "kind": "premium", "channel": "counter", "objector": "某人", "contact": "某处", "words": "金额不对",
        "received_on": dt.date(2024, 7, 3), "received_at": timezone.now(), "received_label": "测试",
    }  # fmt: skip
    Objection.objects.create(**{**given, **changes})


def tamper_with_objections(paid: Case, waiting: Case) -> set[str]:
    object_to(waiting)
    object_to(paid)
    reviewer = paid.reviews.get(stage="second").person
    object_to(
        waiting, status="dismissed", decided_by=reviewer, decided_label=str(reviewer), decided_at=timezone.now(),
        decided_on=dt.date(2024, 7, 4), answer="维持",
    )  # fmt: skip
    return names()


def test_every_invariant_names_what_was_tampered_with(
    screened: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("rehearse", "2024", "--scheme", "refunds")
    paid, other = Case.objects.filter(status="batched", office__code__startswith="2201").order_by("pk")[:2]
    waiting = Case.objects.filter(status="cleared").order_by("pk")[0]
    results = tmp_path / "results.csv"
    number = Payment.objects.get(case=paid).payment_no
    results.write_text(f"payment_no,result,on\n{number},paid,2024-07-09\n", encoding="utf-8")
    call_command("import_bank_results", str(results))
    call_command("check_books")
    assert set(TAMPERING) | OBJECTIONS == set(checking.invariants())
    missed = {}
    for name, sql in TAMPERING.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # past every trigger
            cursor.execute("DROP INDEX payment_one_live_a_case")
            cursor.execute(sql, {"c": paid.pk, "d": other.pk})
            found = names()
            transaction.set_rollback(True)
        if name not in found:
            missed[name] = found
    assert missed == {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        found = tamper_with_objections(paid, waiting)
        transaction.set_rollback(True)
    assert found >= OBJECTIONS
    assert checking.offences() == []


def test_the_command_names_the_rows_and_exits_1(screened: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rehearse", "2024", "--scheme", "refunds")
    batch = Payment.objects.order_by("pk")[0].batch
    with transaction.atomic():
        type(batch).objects.filter(pk=batch.pk).update(lines=0)
        with pytest.raises(CommandError, match="处不符。请勿再办理有关业务") as refused:
            call_command("check_books")
        transaction.set_rollback(True)
    assert refused.value.returncode == 1
    assert f"batch_totals: 批次 {batch.batch_no}: 记为 0 笔" in capsys.readouterr().err
