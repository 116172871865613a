"""Looking at the books and keeping what came of it: around an operation, at what changed, at everything. (N6.2)

`around` is what an operation with money calls before it commits (`caseworks.base.auditing`): where its cases do not hold
together, nothing of it happens. `look` is the clock's and the command's; it changes nothing but its own record.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from caseworks.base.auditing import Doer
from caseworks.base.errors import Refusal
from caseworks.base.side import side_connection
from caseworks.books.checking import invariants, offences
from caseworks.books.enums import Scope
from caseworks.books.invariants import Offence
from caseworks.books.models import BooksRun

log = logging.getLogger(__name__)
NAMED = 5  # so many offending rows are named in a refusal
_LAST_EVENT = "SELECT coalesce(max(id), 0) FROM cases_event"


def look(scope: Scope, *, by: Doer, at: datetime) -> BooksRun:
    """Look at everything, or at what changed since the last clean look, and keep the result."""
    last = _last_event()
    cases = _changed() if scope == Scope.CHANGED else None
    run = _looked(scope, "", cases, last=last, by=by, at=at)
    run.save()
    for offence in run.rows():
        log.error("books: %s", offence)
    return run


def around(about: str, cases: Iterable[int], *, by: Doer, at: datetime, refuse: bool = True) -> None:
    """Look at what belongs to these cases, within the operation's transaction; Refusal where something offends.

    With `refuse=False` the operation stands (what a bank has done is booked whatever we think of it), and the record
    turns the desks red. A refusal is on record too, past the transaction that ends with it.
    """
    run = _looked(Scope.BATCH, about, sorted(set(cases)), last=_last_event(), by=by, at=at)
    if run.is_clean:
        run.save()
        return
    rows = list(run.rows())
    for offence in rows:
        log.error("books: %s: %s", about, offence)
    if not refuse:
        run.save()
        return
    _keep_beside(run)
    raise Refusal(
        f"账目核对不符 {len(rows)} 处，“{about}”未作任何更改。请勿再办理有关业务，并报告稽核人员：",
        [f"{row.row}：{row.words}" for row in rows[:NAMED]],
    )


def unsettled() -> BooksRun | None:
    """The look that makes the desks red, if there is one.

    What a look at everything found is settled by a clean look at everything only: a row that somebody tampered with
    has not moved. What another found is settled by a clean look at what changed since.
    """
    runs = BooksRun.objects.all()
    whole = runs.filter(scope=Scope.ALL).first()
    if whole is not None and not whole.is_clean:
        return whole
    wide = runs.filter(scope__in=[Scope.CHANGED, Scope.ALL]).first()
    if wide is not None and not wide.is_clean:
        return wide
    return runs.filter(offences__gt=0, pk__gt=wide.pk if wide else 0).first()


def _looked(scope: Scope, about: str, cases: list[int] | None, *, last: int, by: Doer, at: datetime) -> BooksRun:
    begun = time.monotonic()
    found: list[Offence] = (
        [] if cases == [] and scope == Scope.BATCH else offences(of_cases=cases, around=scope == Scope.BATCH)
    )
    return BooksRun(
        scope=scope,
        about=about[:200],
        label=by.label[:200],
        at=at,
        seconds=round(time.monotonic() - begun, 3),
        checks=len(invariants()),
        cases=None if cases is None else len(cases),
        offences=len(found),
        found=[[row.invariant, row.row, row.words, row.of, row.number] for row in found],
        last_event=last,
    )


def _last_event() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_LAST_EVENT)
        return int(cursor.fetchone()[0])


def _changed() -> list[int]:
    """The cases that moved since the last but one clean look of this kind.

    One further back than the last: a step that was under way during that one had taken its number and was not seen.
    """
    wide = BooksRun.objects.filter(scope__in=[Scope.CHANGED, Scope.ALL], offences=0)
    since = next(iter(wide.values_list("last_event", flat=True)[1:2]), 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT case_id FROM cases_event WHERE id > %s ORDER BY 1", [since])
        return [case for (case,) in cursor.fetchall()]


def _keep_beside(run: BooksRun) -> None:
    """Keep the record of a look whose transaction ends with a refusal."""
    with side_connection() as side, side.cursor() as cursor:
        cursor.execute(
            """INSERT INTO books_booksrun
                   (scope, about, label, at, seconds, checks, cases, offences, found, last_event)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)""",
            [
                run.scope, run.about, run.label, run.at, run.seconds, run.checks, run.cases, run.offences,
                json.dumps(run.found, ensure_ascii=False), run.last_event,
            ],
        )  # fmt: skip
