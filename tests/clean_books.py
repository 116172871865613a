"""After every database test that moved cases or money the books are looked at: they are clean, or the test fails.

A test that puts its cases where it needs them by the one door alone (nobody's name stands at the first review) has no
signatures, announcements and judgements; what asks for those is left out, everything else is looked at. A test that
tampers with rows and leaves them so says it: `pytest.mark.tampers`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

#: what a test does not write at all → the invariants that ask for it
_NAMELESS = "SELECT EXISTS (SELECT FROM cases_event WHERE step = 'pass_first' AND person_id IS NULL)"
_BATCHED = "SELECT EXISTS (SELECT FROM cases_event WHERE step = 'batch' AND person_id IS NULL)"
NOT_WRITTEN = {
    f"{_NAMELESS} OR NOT EXISTS (SELECT FROM cases_review)": {"approved_by_all_who_must"},
    f"{_NAMELESS} OR NOT EXISTS (SELECT FROM cases_announcement)": {
        "sent_only_what_was_announced",
        "settled_cases_were_announced",
        "waived_after_three_reminders_and_a_list",
    },
    f"{_NAMELESS} OR NOT EXISTS (SELECT FROM refunds_assessment WHERE case_id IS NOT NULL)": {
        "refund_case_is_its_judgement"
    },
    f"{_BATCHED} OR NOT EXISTS (SELECT FROM money_payment)": {
        "case_stands_as_its_payment",
        "returned_cases_had_a_return",
    },
}
_MOVED = "SELECT EXISTS (SELECT FROM cases_event) OR EXISTS (SELECT FROM money_movement)"


def _ask(sql: str) -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return bool(cursor.fetchone()[0])


@pytest.fixture(autouse=True)
def bare_steps_write_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the books, those of the operations among them, leave out what bare steps do not write."""
    from caseworks.books import checking

    whole = checking.invariants

    def found() -> dict[str, checking.Invariant]:
        left_out = {name for sql, names in NOT_WRITTEN.items() if _ask(sql) for name in names}
        return {name: each for name, each in whole().items() if name not in left_out}

    monkeypatch.setattr(checking, "invariants", found)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    yield
    fixtures = set(getattr(item, "fixturenames", ()))
    uses_database = item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"}
    if not uses_database or item.get_closest_marker("tampers"):
        return
    from django.db import connection

    from caseworks.books import checking

    if connection.needs_rollback or not _ask(_MOVED):
        return
    found = checking.offences(limit=5)
    assert not found, "the books are not clean after the test:\n" + "\n".join(map(str, found))
