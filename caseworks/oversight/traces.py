"""办理痕迹: who did what, to which case or unit, when and from where; gathered from where each thing is recorded. (N6.2)

Sources: the history of cases, the signatures of reviews, long work, sign-ins, and what was done in the admin. Each is
asked for its newest rows before the edge of the page and the answers are merged, so that a page costs the same however
much there is. Steps and signatures are limited by the office of the case; the rest by the office of the person.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone

from caseworks.base.models import RunState
from caseworks.cases.enums import Decision, Stage
from caseworks.cases.lifecycle import STEPS
from caseworks.people.enums import SignInOutcome
from caseworks.people.models import Person
from caseworks.people.scope import offices_in_scope, scope_of
from caseworks.registry.models import Unit

PAGE = 50
UNITS = 200  # units of a name, at most
SOURCES = {"event": "办理", "review": "审核签署", "run": "后台任务", "sign_in": "登录", "admin": "管理操作"}
_RANK = {name: number for number, name in enumerate(SOURCES)}

# Each gives at, rank, id, actor, address, what, case_id, about, note.
_SELECTS = {
    "event": """
        SELECT e.at, 0, e.id, e.actor, e.address, e.step, e.case_id, c.name, e.note
        FROM cases_event e JOIN cases_case c ON c.id = e.case_id WHERE {scope_of_case}{person_e}{case}{units}{address_e}
    """,
    "review": """
        SELECT e.at, 1, e.id, e.actor, '', e.stage || ':' || e.decision || CASE WHEN e.bulk THEN ':bulk' ELSE '' END,
               e.case_id, c.name, e.opinion
        FROM cases_review e JOIN cases_case c ON c.id = e.case_id WHERE {scope_of_case}{person_e}{case}{units}
    """,
    "run": """
        SELECT e.created_at, 2, e.id, coalesce(p.full_name || '（' || p.username || '）', 'os:' || e.os_user), '',
               CASE WHEN e.kind = 'export' THEN 'export:' ELSE '' END || e.state, NULL::bigint, e.title,
               CASE WHEN e.kind = 'export' THEN concat_ws('；', '共 ' || (e.summary->>'rows') || ' 行',
                                                          nullif(e.summary->>'words', ''), nullif(e.error, ''))
                    ELSE e.error END
        FROM base_run e LEFT JOIN people_person p ON p.id = e.person_id WHERE {scope_of_person}{person_p}
    """,
    "sign_in": """
        SELECT e.at, 3, e.id, coalesce(p.full_name || '（' || p.username || '）', e.username),
               coalesce(host(e.address), ''), e.outcome, NULL::bigint, '', ''
        FROM people_signin e LEFT JOIN people_person p ON p.id = e.person_id
        WHERE {scope_of_person}{person_p}{address_ip}
    """,
    "admin": """
        SELECT e.action_time, 4, e.id, p.full_name || '（' || p.username || '）', '', 'admin', NULL::bigint,
               e.object_repr, e.change_message
        FROM django_admin_log e JOIN people_person p ON p.id = e.user_id WHERE {scope_of_person}{person_p}
    """,
}
_AT = {"run": "e.created_at", "admin": "e.action_time"}


@dataclass(frozen=True)
class Query:
    """What is asked: a person, a case, a unit, a time, an address, one source or all."""

    since: dt.date
    until: dt.date
    person: int | None = None
    case: int | None = None
    unit: str = ""
    address: str = ""
    source: str = ""

    def as_json(self) -> dict[str, Any]:
        """As an export keeps it."""
        return {
            "since": self.since.isoformat(), "until": self.until.isoformat(), "person": self.person, "case": self.case,
            "unit": self.unit, "address": self.address, "source": self.source,
        }  # fmt: skip

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Query:
        """What an export was asked for."""
        days = {name: dt.date.fromisoformat(kept[name]) for name in ("since", "until")}
        return cls(**{**kept, **days})

    @property
    def sources(self) -> list[str]:
        """Where to look: a case or a unit is in the history and the reviews only, an address not everywhere."""
        wanted = [self.source] if self.source else list(SOURCES)
        if self.case is not None or self.unit:
            wanted = [name for name in wanted if name in ("event", "review")]
        return [name for name in wanted if name in ("event", "sign_in")] if self.address else wanted


@dataclass(frozen=True)
class Trace:
    """One thing that somebody did."""

    at: dt.datetime
    rank: int
    number: int
    actor: str
    address: str
    code: str
    case: int | None
    about: str
    note: str

    @property
    def source(self) -> str:
        """Where it is recorded."""
        return list(SOURCES.values())[self.rank]

    @property
    def what(self) -> str:
        """What was done, in the bureau's words."""
        if self.rank == _RANK["event"]:
            return STEPS[self.code].label if self.code in STEPS else self.code
        if self.rank == _RANK["review"]:
            stage, decision, *bulk = self.code.split(":")
            return f"{Stage(stage).label}{Decision(decision).label}{'（批量）' if bulk else ''}"
        if self.rank == _RANK["run"]:
            kind, _, state = self.code.rpartition(":")
            return f"{'导出' if kind else ''}{RunState(state).label}"
        if self.rank == _RANK["sign_in"]:
            return str(SignInOutcome(self.code).label)
        return _admin_words(self.note)

    @property
    def words(self) -> str:
        """What was said with it."""
        return "" if self.rank == _RANK["admin"] else self.note

    @property
    def cursor(self) -> str:
        """The edge of a page that ends here."""
        edge = json.dumps([self.at.isoformat(), self.rank, self.number])
        return base64.urlsafe_b64encode(edge.encode()).decode().rstrip("=")


def _admin_words(message: str) -> str:
    """The admin's message: our own words, or Django's list of changes."""
    try:
        changes = json.loads(message)
    except ValueError:
        return message or "修改"
    kinds = {"added": "新增", "changed": "修改", "deleted": "删除"}
    return "、".join(dict.fromkeys(kinds[kind] for change in changes for kind in change if kind in kinds)) or "修改"


def edge_of(cursor: str) -> tuple[dt.datetime, int, int] | None:
    """A cursor read; None where it cannot be."""
    try:
        at, rank, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return dt.datetime.fromisoformat(at), int(rank), int(number)
    except (ValueError, TypeError, binascii.Error):
        return None


@dataclass
class Reach:
    """Whose rows the asking person sees."""

    province: bool
    cities: list[int] = field(default_factory=list)
    offices: list[int] = field(default_factory=list)
    seats: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, person: Person, on: dt.date) -> Reach:
        """The scope of the person's roles."""
        scope = scope_of(person, on, "trace.view")
        seats = list(offices_in_scope(person, on, "trace.view").values_list("pk", flat=True))
        return cls(scope.province, sorted(scope.cities), sorted(scope.offices), seats)


def page(query: Query, person: Person, on: dt.date, *, before: str = "") -> tuple[list[Trace], bool]:
    """The newest rows before the edge, and whether there are more."""
    found = list(_rows(query, Reach.of(person, on), edge_of(before) if before else None, PAGE + 1))
    return found[:PAGE], len(found) > PAGE


def everything(query: Query, person: Person, on: dt.date, most: int) -> Iterator[Trace]:
    """All rows, the newest first, at most so many."""
    return _rows(query, Reach.of(person, on), None, most)


def _rows(query: Query, reach: Reach, edge: tuple[dt.datetime, int, int] | None, most: int) -> Iterator[Trace]:
    params: dict[str, Any] = {
        "cities": reach.cities, "offices": reach.offices, "seats": reach.seats, "person": query.person,
        "case": query.case, "address": query.address, "most": most,
        "since": _midnight(query.since), "until": _midnight(query.until + dt.timedelta(days=1)),
    }  # fmt: skip
    if query.unit:
        params["units"] = _codes(query.unit)
    if edge is not None:
        params |= {"edge_at": edge[0], "edge_rank": edge[1], "edge_id": edge[2]}
    parts = [f"({_select(name, query, reach, edge)})" for name in query.sources]
    if not parts:
        return
    with connection.cursor() as cursor:
        found = " UNION ALL ".join(parts)
        cursor.execute(f"SELECT * FROM ({found}) AS found ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT %(most)s", params)
        while block := cursor.fetchmany(1000):
            yield from (Trace(*row) for row in block)


def _select(name: str, query: Query, reach: Reach, edge: tuple[dt.datetime, int, int] | None) -> str:
    at, rank = _AT.get(name, "e.at"), _RANK[name]
    beyond = f" AND ({at}, {rank}, e.id) < (%(edge_at)s, %(edge_rank)s, %(edge_id)s)" if edge else ""
    near = f" AND {at} <= %(edge_at)s" if edge else ""  # plain, for the index
    conditions = {
        "scope_of_case": "true"
        if reach.province
        else "(c.city_office_id = ANY(%(cities)s) OR c.office_id = ANY(%(offices)s))",
        "scope_of_person": "true" if reach.province else "p.office_id = ANY(%(seats)s)",
        "person_e": " AND e.person_id = %(person)s" if query.person else "",
        "person_p": " AND p.id = %(person)s" if query.person else "",
        "case": " AND e.case_id = %(case)s" if query.case is not None else "",
        "units": " AND c.subject = ANY(%(units)s)" if query.unit else "",
        "address_e": " AND e.address = %(address)s" if query.address else "",
        "address_ip": " AND host(e.address) = %(address)s" if query.address else "",
    }
    select = _SELECTS[name].format(**conditions)
    within = f" AND {at} >= %(since)s AND {at} < %(until)s{near}{beyond}"
    return f"{select}{within} ORDER BY {at} DESC, e.id DESC LIMIT %(most)s"


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def _codes(text: str) -> list[str]:
    """The codes of the units that a code or a part of a name means."""
    code = text.strip().upper()
    found = list(Unit.objects.search(text).order_by("uscc").values_list("uscc", flat=True)[:UNITS])
    return sorted({code, *found})
