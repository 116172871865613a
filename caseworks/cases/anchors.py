"""Anchors: a nightly witness over the heads that moved, so that a tail cut off later is missed. Appends only."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from caseworks.cases.models import Anchor

# The heads an anchor lists, as the text under its digest. `%s` stands for the rows.
DIGEST = """
    sha256({previous} || convert_to(coalesce(string_agg(
        {rows}.case_number || ':' || {rows}.seq || ':' || encode({rows}.digest, 'hex'), E'\\n'
        ORDER BY {rows}.case_number), ''), 'UTF8'))
"""
_TAKE = f"""
    WITH before AS (
        SELECT coalesce(max(last_event), 0) AS last_event,
               coalesce((SELECT digest FROM cases_anchor ORDER BY id DESC LIMIT 1), ''::bytea) AS digest
        FROM cases_anchor
    ), moved AS MATERIALIZED (
        SELECT DISTINCT ON (e.case_id) e.case_id AS case_number, e.seq, e.digest
        FROM cases_event e, before b WHERE e.id > b.last_event ORDER BY e.case_id, e.seq DESC
    ), made AS (
        INSERT INTO cases_anchor (taken_at, last_event, heads, digest)
        SELECT %(at)s, (SELECT greatest(b.last_event, max(e.id)) FROM cases_event e), count(m.case_number),
               {DIGEST.format(previous="b.digest", rows="m")}
        FROM before b LEFT JOIN moved m ON true GROUP BY b.last_event, b.digest
        RETURNING id
    ), listed AS (
        INSERT INTO cases_anchorhead (anchor_id, case_number, seq, digest)
        SELECT made.id, m.case_number, m.seq, m.digest FROM made, moved m
    )
    SELECT id FROM made
"""


def take_anchor(at: datetime) -> Anchor:
    """Witness every head that moved since the anchor before.

    The lock waits for the steps under way and holds new ones for a moment: no event with a smaller number can appear
    afterwards, so the next anchor misses none.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE cases_event IN SHARE MODE")
        cursor.execute(_TAKE, {"at": at})
        (number,) = cursor.fetchone()
    return Anchor.objects.get(pk=number)
