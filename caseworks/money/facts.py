"""What is known of payees right before payment, one query for a case or for thirty thousand (N6.5).

Type, size and policy row are those of the judgement approved; status, listings, bars and accounts are those of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, cast

from django.db import connection

from caseworks.base.errors import Refusal
from caseworks.cases import sources
from caseworks.cases.sources import Source, scheme_module
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.money.doubles import PREDECESSORS


class Figures(Protocol):
    """The figures that a scheme's policy row must hold for its money."""

    reserve_months: int
    reserve_scope: str
    data_age_days: int
    batch_lines: int
    tax_account_sizes: tuple[str, ...]
    tax_account_types: tuple[str, ...]
    inactive_statuses: tuple[str, ...]
    barring_lists: tuple[str, ...]


def asked(figures: Figures, name: str) -> tuple[str, ...]:
    """`batch_split` or `fiscal_steps` of a policy row; nothing where the scheme's rows have no such figure."""
    return tuple(getattr(figures, name, ()))


@dataclass(frozen=True, slots=True)
class Payee:
    """A case that is to be paid, and all that the second check looks at."""

    case: int
    office: int
    city_office: int
    name: str
    amount: Decimal
    region: str
    policy: int | None
    unit_name: str | None
    inactive: bool
    lists: str
    barred: bool
    proposed: bool
    twice: bool
    held: str
    account: int | None  # a unit's account, or the person whose card it is
    account_kind: str
    account_name: str
    account_mark: bytes | None  # the keyed hash of its number
    bank_name: str
    bank_code: str
    undeclared: bool = False  # has nothing but a tax account, and has not declared that it has no corporate one
    person: bool = False


_FACTS = """
    WITH figure AS (
        SELECT f.policy, string_to_array(f.statuses, ';') AS statuses, string_to_array(f.lists, ';') AS lists,
               string_to_array(f.sizes, ';') AS sizes, string_to_array(f.types, ';') AS types
        FROM unnest(%(policies)s::bigint[], %(statuses)s::text[], %(lists)s::text[], %(sizes)s::text[],
                    %(types)s::text[]) AS f(policy, statuses, lists, sizes, types)
    )
    SELECT c.id, c.office_id, c.city_office_id, c.name, c.amount, coalesce(p.region, ''), p.policy_id, u.name,
           coalesce(u.status = ANY(f.statuses), false),
           coalesce((SELECT string_agg(DISTINCT l.list, ';') FROM registry_listing l
                     WHERE l.uscc = c.subject AND l.list = ANY(f.lists) AND l.listed_on <= %(on)s
                       AND (l.removed_on IS NULL OR l.removed_on > %(on)s)), ''),
           EXISTS (SELECT FROM cases_bar b WHERE b.uscc = c.subject AND b.year = c.year AND b.status <> 'revoked'),
           EXISTS (SELECT FROM registry_account a WHERE a.uscc = c.subject AND a.status = 'proposed'),
           EXISTS (SELECT FROM money_payment m WHERE m.scheme = c.scheme AND m.year = c.year AND m.subject = c.subject
                     AND m.status IN ('drawn', 'sent', 'paid') AND NOT m.id = ANY(%(own)s::bigint[])
                     AND (m.case_id = c.id OR EXISTS (SELECT FROM cases_case o WHERE o.id = m.case_id
                                                       AND o.round = c.round))),
           coalesce((SELECT min(h.reason) FROM cases_hold h WHERE h.case_id = c.id AND h.released_at IS NULL
                       AND h.kind <> ALL(%(ours)s::text[])), ''),
           chosen.id, coalesce(chosen.kind, ''), coalesce(chosen.account_name, ''), chosen.account_hash,
           coalesce(chosen.bank_name, ''), coalesce(chosen.bank_code, ''),
           coalesce(chosen.id IS NULL AND payable.tax AND EXISTS (
               SELECT FROM registry_account a WHERE a.uscc = c.subject AND a.status = 'current' AND a.kind = 'tax'), false)
    FROM cases_case c
    LEFT JOIN ({payees}) p ON p.subject = c.subject AND (p.round IS NULL OR p.round = c.round)
    LEFT JOIN figure f ON f.policy = p.policy_id
    LEFT JOIN registry_unit u ON u.uscc = c.subject
    CROSS JOIN LATERAL (
        SELECT p.unit_type = ANY(f.types) OR (p.unit_type = 'enterprise' AND p.size = ANY(f.sizes)) AS tax
    ) payable
    LEFT JOIN LATERAL (
        SELECT a.id, a.kind, a.account_name, a.bank_name, a.bank_code, a.account_hash FROM registry_account a
        WHERE a.uscc = c.subject AND a.status = 'current' AND (
            a.kind = 'corporate' OR (a.kind = 'tax' AND payable.tax AND EXISTS (
                SELECT FROM registry_accountdeclaration d WHERE d.uscc = c.subject AND d.status = 'confirmed')))
        ORDER BY a.kind = 'tax' LIMIT 1
    ) chosen ON true
    WHERE c.id = ANY(%(ids)s::bigint[]) ORDER BY c.id
"""
# People: no register of units, no lists and no bars; the account is that of the card, of use only where it is active.
_PERSONS = """
    SELECT c.id, c.office_id, c.city_office_id, c.name, c.amount, coalesce(p.region, ''), p.policy_id, w.name,
           EXISTS (SELECT FROM registry_separation s WHERE s.id_hash = w.id_hash AND s.reason = 'death'
                     AND s.separated_on <= %(on)s),
           '', false, false,
           EXISTS (SELECT FROM money_payment m WHERE m.scheme = c.scheme AND m.year = c.year AND m.subject = c.subject
                     AND m.status IN ('drawn', 'sent', 'paid') AND NOT m.id = ANY(%(own)s::bigint[])
                     AND (m.case_id = c.id OR EXISTS (SELECT FROM cases_case o WHERE o.id = m.case_id
                                                       AND o.round = c.round))),
           coalesce((SELECT min(h.reason) FROM cases_hold h WHERE h.case_id = c.id AND h.released_at IS NULL
                       AND h.kind <> ALL(%(ours)s::text[])), ''),
           CASE WHEN w.card_active AND w.card_account <> '' THEN w.id END,
           CASE WHEN w.card_account <> '' THEN 'card' ELSE '' END, coalesce(w.name, ''), w.card_hash,
           coalesce(w.card_bank, ''), '', false, true
    FROM cases_case c
    LEFT JOIN ({payees}) p ON p.subject = c.subject AND (p.round IS NULL OR p.round = c.round)
    LEFT JOIN registry_worker w ON w.id_hash = decode(c.subject, 'hex')
    WHERE c.id = ANY(%(ids)s::bigint[]) ORDER BY c.id
"""


def source(scheme: str, year: int) -> Source:
    """Whom a scheme pays, a row a subject or a subject and round; Refusal where it has not said."""
    module = scheme_module(scheme)
    if not hasattr(module, "case_payees"):
        raise Refusal(f"“{module.LABEL}”尚未开放拨付，未作任何更改。")
    return cast(Source, module.case_payees(year))


def figures(payees: Source, ids: list[int]) -> dict[int, tuple[Policy, Figures]]:
    """The policy rows that these cases were judged by, with their figures."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT DISTINCT p.policy_id FROM cases_case c JOIN ({payees.in_rounds("NULL")}) p
            ON p.subject = c.subject AND (p.round IS NULL OR p.round = c.round) WHERE c.id = ANY(%(ids)s::bigint[])""",
            {**payees.params, "ids": ids},
        )
        wanted = [policy for (policy,) in cursor.fetchall()]
    rows = Policy.objects.filter(pk__in=wanted).prefetch_related("figures").order_by("pk")
    return {row.pk: (row, cast(Figures, policies.parameters(row))) for row in rows}


def of(
    ids: list[int],
    payees: Source,
    rows: Mapping[int, tuple[Policy, Figures]],
    *,
    on: date,
    ours: list[str],
    own: list[int],
) -> list[Payee]:
    """The facts of these cases; `own` are payments that do not count as a second one, `ours` holds looked at anew."""
    figures = [figures for _, figures in rows.values()]
    values: dict[str, Any] = {
        **payees.params,
        "ids": ids,
        "on": on,
        "ours": ours,
        "own": own,
        "policies": list(rows),
        "statuses": [";".join(each.inactive_statuses) for each in figures],
        "lists": [";".join(each.barring_lists) for each in figures],
        "sizes": [";".join(each.tax_account_sizes) for each in figures],
        "types": [";".join(each.tax_account_types) for each in figures],
    }
    known = _PERSONS if payees.persons else _FACTS
    with connection.cursor() as cursor:
        cursor.execute(known.format(payees=payees.in_rounds("NULL")), values)
        return [Payee(*row) for row in cursor.fetchall()]


_OBSTACLES = """
    SELECT c.id, array_agg(DISTINCT o.reason ORDER BY o.reason) FROM cases_case c
    JOIN ({select}) o ON o.subject = c.subject
    WHERE c.id = ANY(%(obstacle_cases)s::bigint[]) GROUP BY c.id
"""
# What a subject owes, and what those owe that it took over.
_OWED = (
    PREDECESSORS
    + """
    SELECT l.case_id, array_agg(DISTINCT CASE WHEN l.uscc = c.subject THEN o.reason ELSE '被承继单位' || o.reason END)
    FROM line l JOIN cases_case c ON c.id = l.case_id
    JOIN ({select}) o ON o.subject = l.uscc
    GROUP BY l.case_id
"""
)


def obstacles(ids: list[int], on: date, owed: Source | None = None) -> dict[int, list[str]]:
    """Why the subjects of these cases may be paid nothing for now: what is `owed`, and what every scheme says (N6.5).

    A query a source, however many cases. A debt goes over to a successor; what a scheme says is of the subject alone.
    """
    found: dict[int, list[str]] = {}
    asked = [(_OBSTACLES, source) for source in sources.obstacles(on)]
    if owed is not None:
        asked.insert(0, (_OWED, owed))
    for sql, source in asked:
        with connection.cursor() as cursor:
            cursor.execute(sql.format(select=source.select), {**source.params, "obstacle_cases": ids})
            for case, reasons in cursor.fetchall():
                found.setdefault(case, []).extend(reasons)
    return found
