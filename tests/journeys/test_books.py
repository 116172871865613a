"""The books after a year was rehearsed: clean; and each invariant names the row that somebody tampered with."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from caseworks.books import checking
from caseworks.cases.models import AnnouncementLine, Case, Objection
from caseworks.money import recoveries
from caseworks.money.enums import RecoveryKind, RecoveryOrigin
from caseworks.money.models import Payment
from caseworks.people.actors import Actor

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
    "requested_is_paid_returned_or_pending": "UPDATE money_batch SET amount = amount + 1",
    "movements_are_the_bank_results": "UPDATE money_resultfile SET paid = paid + 1",
    "bank_file_is_its_batch": "UPDATE money_bankfile SET amount = amount + 1",
    "bank_results_follow_sending": "UPDATE money_payment SET paid_on = '2024-07-01' WHERE case_id = %(c)s",
    "movements_are_the_payment": "UPDATE money_movement SET amount = amount + 1",
    "movement_on_its_day": """UPDATE money_movement SET "on" = '2024-07-20'""",
    "recovery_is_its_account": "UPDATE money_recovery SET reduced = reduced + 1",
    "repaid_is_what_came_back": "UPDATE money_repayment SET amount = amount + 1",
    "repaid_only_what_was_confirmed": "UPDATE money_repayment SET status = 'rejected'",
    "recovered_no_more_than_paid": "UPDATE money_recovery SET amount = 1000000000",
    "recovery_ends_with_nothing_owed": "UPDATE money_recovery SET status = 'closed'",
    "nothing_promised_before_approval": "UPDATE base_notice SET created_at = '2024-06-01' WHERE case_id = %(c)s",
    "refund_case_is_its_judgement": "UPDATE refunds_assessment SET name = '别的单位' WHERE case_id = %(c)s",
    "refund_paid_to_the_eligible": "UPDATE refunds_assessment SET outcome = 'manual' WHERE case_id = %(c)s",
    "refund_is_premium_by_ratio": "UPDATE refunds_assessment SET premium = premium + 100 WHERE case_id = %(c)s",
}
OBJECTIONS = {"open_objection_holds_its_line", "objection_decided_by_another", "nothing_sent_under_objection"}


TESTS = Path(__file__).parent.parent


def names(*cases: int) -> set[str]:
    """The invariants that are offended, by anything or by what belongs to these cases."""
    return {offence.invariant for offence in checking.offences(of_cases=cases or None)}


def written_in_tests(name: str) -> bool:
    """Whether some test names the invariant; a scheme shows its own where it builds what they are about."""
    return any(re.search(rf"\b{name}\b", path.read_text(encoding="utf-8")) for path in TESTS.rglob("test_*.py"))


def claim_back(case: Case) -> None:
    """Something of the case's payment is claimed back, and a part of that has come back."""
    by, at, on = Actor.of_command("test"), timezone.now(), dt.date(2024, 8, 1)
    payment = Payment.objects.get(case=case)
    row = recoveries.Found(
        "test:1", RecoveryKind.OVERPAID, RecoveryOrigin.AUDIT, "refunds", case.year, case.subject, case.name,
        case.office_id, case.city_office_id, Decimal("30.00"), "多付", "测试", case=case.pk, payment=payment.pk,
    )  # fmt: skip
    recoveries.find([row], by=by, at=at, on=on)
    recoveries.repay("test:1", amount=Decimal("10.00"), on=on, bank_ref="R1", by=by, at=at, confirmed=True)


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
    claim_back(paid)
    call_command("check_books")
    missed, elsewhere = {}, {}
    everything = Case.objects.values_list("pk", flat=True)
    for name, sql in TAMPERING.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # past every trigger
            cursor.execute("DROP INDEX payment_one_live_a_case")
            cursor.execute("ALTER TABLE money_recovery DROP CONSTRAINT recovery_ends_when_nothing_is_owed")
            cursor.execute(sql, {"c": paid.pk, "d": other.pk})
            found, near, far = names(), names(*everything), names(waiting.pk)
            transaction.set_rollback(True)
        if name not in found & near:
            missed[name] = found, near
        if sql.count("%(c)s") and name in far:
            elsewhere[name] = far
    assert (missed, elsewhere) == ({}, {})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        found = tamper_with_objections(paid, waiting)
        transaction.set_rollback(True)
    assert found >= OBJECTIONS
    assert checking.offences() == []
    assert [name for name in checking.invariants() if not written_in_tests(name)] == []


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
