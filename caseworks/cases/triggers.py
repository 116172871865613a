"""The database's own guard over a case: what it says of itself is what its history says."""

from __future__ import annotations

import pgtrigger

_REFUSE = """
        RAISE EXCEPTION 'case_follows_its_history: {what}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
"""
# One join a statement, not one look a row: it costs little on 34,000 cases.
_COMPARE = """
    IF EXISTS (
        SELECT 1 FROM new_cases n
        LEFT JOIN cases_event e
          ON e.case_id = n.id AND e.seq = n.seq AND e.to_status = n.status AND e.digest = n.head
        WHERE e.id IS NULL
    ) THEN
""" + _REFUSE.format(what="status, seq and head of a case are those of its last event")
_STAY = """
    IF EXISTS (
        SELECT 1 FROM new_cases n JOIN old_cases o USING (id)
        LEFT JOIN cases_event e ON e.case_id = n.id AND e.seq = n.seq
        WHERE n.seq < o.seq
           OR (n.scheme, n.year, n.round, n.subject, n.opened_at) <> (o.scheme, o.year, o.round, o.subject, o.opened_at)
           OR ((n.office_id, n.city_office_id) <> (o.office_id, o.city_office_id)
               AND (n.seq = o.seq OR e.step <> 'transfer'))
    ) THEN
""" + _REFUSE.format(what="a case keeps what it is, and its office but for a transfer")
_END = "    RETURN NULL;\n"

CASE_FOLLOWS_ITS_HISTORY = [
    pgtrigger.Trigger(
        name="case_opens_with_history",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_cases"),
        func=_COMPARE + _END,
    ),
    pgtrigger.Trigger(
        name="case_follows_its_history",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(new="new_cases", old="old_cases"),
        func=_COMPARE + _STAY + _END,
    ),
    pgtrigger.Protect(name="case_kept", operation=pgtrigger.Delete),
]
