"""年末未办结: what is held, returned or objected to is listed, reminded three times, published, and only then given up.

Nothing lapses by itself: a supervisor decides (step `waive`). What was approved in time stays payable afterwards under its
policy row, however late its obstacle goes. (N2.7; decision 0072)
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from django.db import connection, transaction

from caseworks.base.documents import papers
from caseworks.base.enums import DocumentKind
from caseworks.base.errors import Refusal
from caseworks.base.identifiers import mask_name
from caseworks.base.notices import posting
from caseworks.cases import history
from caseworks.cases.enums import Scheme, Status
from caseworks.cases.history import Shown
from caseworks.cases.models import Case
from caseworks.law import policies
from caseworks.money.models import FinalCall, FinalCallLine
from caseworks.people.actors import Actor
from caseworks.people.models import Office
from caseworks.people.scope import scope_of

log = logging.getLogger(__name__)
PAPER = Path(__file__).parent / "papers" / "final_call.typ"
REMINDERS = 3
NAMED = 10
TERMS_OF = "refunds"
SCHEMES_OF_PERSONS = (Scheme.SUBSIDIES,)
# Why each case of a year waits though it was approved; what simply waits for its turn is not among them.
UNFINISHED = """
    SELECT c.id, c.scheme, c.year, c.round, c.subject, c.name, c.office_id, c.city_office_id, c.amount, c.status,
           coalesce(CASE WHEN c.status = 'returned' THEN '银行退回：' || coalesce(p.reason, '') END, h.reason, '') AS reason,
           CASE WHEN c.status = 'returned' THEN 'returned' WHEN h.objected THEN 'objected' ELSE 'held' END AS why,
           coalesce(r.count, 0) AS reminded, r.last AS reminded_on, f.until AS published_until,
           c.status IN ('cleared', 'returned') AND NOT coalesce(h.objected, false) AND coalesce(r.count, 0) >= 3
               AND f.until < %(on)s::date AND make_date(c.year, 12, 31) < %(on)s::date AS ripe
    FROM cases_case c
    LEFT JOIN LATERAL (
        SELECT string_agg(h.reason, '；' ORDER BY h.id) AS reason, bool_or(h.kind = 'objection') AS objected
        FROM cases_hold h WHERE h.case_id = c.id AND h.released_at IS NULL) h ON true
    LEFT JOIN LATERAL (
        SELECT p.reason FROM money_payment p WHERE p.case_id = c.id AND p.status = 'returned' ORDER BY p.id DESC LIMIT 1
    ) p ON c.status = 'returned'
    LEFT JOIN LATERAL (
        SELECT count(*) AS count, max(r.on) AS last FROM money_reminder r WHERE r.case_id = c.id) r ON true
    LEFT JOIN LATERAL (
        SELECT max(f.until) AS until FROM money_finalcallline l JOIN money_finalcall f ON f.id = l.call_id
        WHERE l.case_id = c.id) f ON true
    WHERE c.status IN ('announced', 'cleared', 'returned') AND (h.reason IS NOT NULL OR c.status = 'returned')
"""
# One reminder a run: the next of each case whose day has come and that is far enough from the one before.
_DUE = f"""
    SELECT u.*, u.reminded + 1 AS nth FROM ({UNFINISHED}) u
    WHERE u.scheme = %(scheme)s AND u.year = %(year)s AND u.reminded < {REMINDERS}
      AND %(on)s::date >= make_date(u.year, 12, 31) - (%(days)s::int[])[u.reminded + 1]
      AND (u.reminded = 0 OR %(on)s::date >= u.reminded_on
           + ((%(days)s::int[])[u.reminded] - (%(days)s::int[])[u.reminded + 1]))
"""
_REMIND = f"""
    INSERT INTO money_reminder (case_id, nth, "on", reason, at)
    SELECT d.id, d.nth, %(on)s::date, left(d.reason, 300), %(at)s FROM ({_DUE}) d ORDER BY d.id
    ON CONFLICT (case_id, nth) DO NOTHING
"""
_TELL = """
    SELECT 'year_end:' || c.id || ':' || r.nth AS event_key, c.scheme, c.year, c.subject, c.name, c.office_id,
           c.city_office_id, c.id AS case_id,
           jsonb_build_object('amount', to_char(c.amount, 'FM999,999,999,990.00'), 'problem', r.reason,
                              'business', %(business)s::text, 'nth', r.nth::text, 'last_day', c.year || '年12月31日')
               AS params
    FROM money_reminder r JOIN cases_case c ON c.id = r.case_id
    WHERE r.on = %(on)s AND c.scheme = %(scheme)s AND c.year = %(year)s
"""


@dataclass(frozen=True, slots=True)
class Left:
    """A case that is left over, and how far it is on its way to being given up."""

    case: int
    scheme: str
    year: int
    round: int
    subject: str
    name: str
    office: int
    city_office: int
    amount: Decimal
    status: str
    reason: str
    why: str
    reminded: int
    reminded_on: date | None
    published_until: date | None
    ripe: bool

    @property
    def status_label(self) -> str:
        """Where it stands."""
        return str(Status(self.status).label)


def left_over(scheme: str, year: int, *, by: Actor, on: date, permission: str = "case.view") -> list[Left]:
    """What is left over of a year in the offices of the person, the largest amounts first."""
    limits, params = _within(by, on, permission)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({UNFINISHED}) u WHERE u.scheme = %(scheme)s AND u.year = %(year)s {limits}"
            " ORDER BY u.amount DESC, u.id",
            {"scheme": scheme, "year": year, "on": on, **params},
        )
        return [Left(*row) for row in cursor.fetchall()]


def remind(on: date, *, at: datetime) -> int:
    """Remind whoever is to be reminded today, at most once; a missed night is caught up. Returns how many."""
    years = Case.objects.filter(status__in=[Status.ANNOUNCED, Status.CLEARED, Status.RETURNED])
    told = 0
    for scheme, year in sorted(set(years.order_by().values_list("scheme", "year").distinct())):
        try:
            days = days_of(scheme, year, on)
        except Refusal as refusal:  # the others are not to wait for a row that nobody has put in force
            log.warning("year end: %s", refusal.message)
            continue
        given: dict[str, Any] = {"scheme": scheme, "year": year, "on": on, "at": at, "days": days}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_REMIND, given)
            told += cursor.rowcount
            if cursor.rowcount:
                said = {**given, "business": str(Scheme(scheme).label)}
                posting.post_select("year_end_reminder", _TELL, said, at=at)
    return told


def days_of(scheme: str, year: int, on: date) -> list[int]:
    """How many days before 31 December each reminder is due, by the policy row."""
    for each in dict.fromkeys((scheme, TERMS_OF)):
        try:
            figures = policies.parameters(policies.for_screening(each, year, "", on))
        except Refusal:
            continue
        found = cast("tuple[str, ...] | None", getattr(figures, "waive_reminders", None))
        if found and len(found) == REMINDERS:
            return sorted((int(text) for text in found), reverse=True)
    raise Refusal(f"{year} 年度的政策没有规定年末催办的日期，未作任何更改。请主管补充政策参数。")


def publish(case_ids: Iterable[int], *, office: Office, until: date, by: Actor, at: datetime, on: date) -> FinalCall:
    """Publish those that have been reminded three times, and until when they may still come; one list an office."""
    if by.person is None:
        raise Refusal("公告须由本人发布，不能由命令代办，未作任何更改。")
    if not by.may("case.waive", office):
        raise Refusal(f"您没有发布{office}公告的权限，未作任何更改。请由主管办理。")
    if until <= on:
        raise Refusal("办理期限应在发布日期之后，未作任何更改。")
    wanted = sorted(set(case_ids))
    with transaction.atomic():
        cases = list(Case.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
        if not cases:
            raise Refusal("没有选中任何业务件，未作任何更改。")
        scheme, year = cases[0].scheme, cases[0].year
        found = {row.case: row for row in left_over(scheme, year, by=by, on=on, permission="case.waive")}
        wrong = [case.name for case in cases if case.pk not in found or found[case.pk].reminded < REMINDERS]
        if wrong or len(cases) != len(wanted):
            raise Refusal(
                f"{len(wrong) or len(wanted) - len(cases)} 件未催办满三次，或已办结，未作任何更改：{'、'.join(wrong[:NAMED])}。"
            )
        masked = scheme in SCHEMES_OF_PERSONS
        rows = [
            (n, case.pk, mask_name(case.name) if masked else case.name, found[case.pk].reason)
            for n, case in enumerate(cases, 1)
        ]
        label = str(Scheme(scheme).label)
        document = papers.issue(
            DocumentKind.FINAL_CALL, issuer=office.issuer, year=on.year, title=f"{year} 年度{label}未办结名单公告",
            template=PAPER, data=_data(label, year, until, rows, office), at=at, label=by.label, office_id=office.pk,
            city_office_id=office.city_or_self_id, on=on,
        )  # fmt: skip
        call = FinalCall.objects.create(
            scheme=scheme, year=year, office=office, city_office_id=office.city_or_self_id, document=document,
            lines=len(rows), published_on=on, until=until, published_by=by.person, published_label=by.label, at=at,
        )  # fmt: skip
        FinalCallLine.objects.bulk_create(
            FinalCallLine(call=call, case_id=case, position=n, name=name, reason=reason[:300])
            for n, case, name, reason in rows
        )
    return call


def waive(
    case_ids: Iterable[int], *, by: Actor, at: datetime, on: date, because: str, shown: Shown | None = None
) -> int:
    """视为放弃, by a supervisor: only what was reminded three times and published, after the year and the last day."""
    if by.person is None:
        raise Refusal("视为放弃须由主管本人决定，不能由命令代办，未作任何更改。")
    wanted = sorted(set(case_ids))
    with transaction.atomic():
        cases = list(Case.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
        if not cases:
            raise Refusal("没有选中任何业务件，未作任何更改。")
        ripe: set[int] = set()
        for scheme, year in sorted({(case.scheme, case.year) for case in cases}):
            found = left_over(scheme, year, by=by, on=on, permission="case.waive")
            ripe |= {row.case for row in found if row.ripe}
        wrong = [case.name for case in cases if case.pk not in ripe]
        if wrong:
            more = " 等" if len(wrong) > NAMED else ""
            raise Refusal(
                f"{len(wrong)} 件还不能视为放弃（须催办三次、公告期满且已过年末，有异议的先处理），未作任何更改："
                f"{'、'.join(wrong[:NAMED])}{more}。"
            )
        return history.take("waive", wanted, by=by, at=at, note=because, shown=shown)


def last_day(year: int) -> date:
    """31 December of the policy year."""
    return date(year, 12, 31)


def default_until(on: date) -> date:
    """A month to come, unless the one who publishes says otherwise."""
    return on + timedelta(days=30)


def _data(label: str, year: int, until: date, rows: list[tuple[int, int, str, str]], office: Office) -> dict[str, Any]:
    return {
        "scheme": label,
        "year": str(year),
        "until": f"{until:%Y年%-m月%-d日}",
        "office": office.name,
        "rows": [[str(n), name, reason] for n, _, name, reason in rows],
    }


def _within(by: Actor, on: date, permission: str) -> tuple[str, dict[str, Any]]:
    """The condition that keeps rows to the offices where the person holds the permission."""
    if by.person is None:
        return "", {}
    scope = scope_of(by.person, on, permission)
    if scope.province:
        return "", {}
    return (
        "AND (u.city_office_id = ANY(%(cities)s::bigint[]) OR u.office_id = ANY(%(offices)s::bigint[]))",
        {"cities": sorted(scope.cities), "offices": sorted(scope.offices)},
    )
