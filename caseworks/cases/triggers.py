"""The database's own guard over a case: what it says of itself is what its history says."""

from __future__ import annotations

import pgtrigger

# One join a statement, not one look a row: it costs little on 34,000 cases. EXECUTE plans it anew each time: a plan
# kept from a statement over one case would compare 34,000 rows with 34,000 rows, and so would one that hopes to stop at
# the first row (hence min, not LIMIT).
_REFUSE_WHERE = """
    EXECUTE $sql$ {query} $sql$ INTO wrong;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'case_follows_its_history: {words} (case %)', wrong
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
"""
_LIKE_ITS_LAST_EVENT = _REFUSE_WHERE.format(
    words="status, seq and head of a case are those of its last event",
    query="""
        SELECT min(n.id) FROM new_cases n
        LEFT JOIN cases_event e
          ON e.case_id = n.id AND e.seq = n.seq AND e.to_status = n.status AND e.digest = n.head
        WHERE e.id IS NULL
    """,
)
_STILL_ITSELF = _REFUSE_WHERE.format(
    words="a case keeps what it is, and its office but for a transfer",
    query="""
        SELECT min(n.id) FROM new_cases n JOIN old_cases o USING (id)
        LEFT JOIN cases_event e ON e.case_id = n.id AND e.seq = n.seq
        WHERE n.seq < o.seq
           OR (n.scheme, n.year, n.round, n.subject, n.opened_at) <> (o.scheme, o.year, o.round, o.subject, o.opened_at)
           OR ((n.office_id, n.city_office_id) <> (o.office_id, o.city_office_id)
               AND (n.seq = o.seq OR e.step <> 'transfer'))
    """,
)
_WRONG = [("wrong", "bigint")]

CASE_FOLLOWS_ITS_HISTORY = [
    pgtrigger.Trigger(
        name="case_opens_with_history",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_cases"),
        declare=_WRONG,
        func=_LIKE_ITS_LAST_EVENT + "    RETURN NULL;\n",
    ),
    pgtrigger.Trigger(
        name="case_follows_its_history",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(new="new_cases", old="old_cases"),
        declare=_WRONG,
        func=_LIKE_ITS_LAST_EVENT + _STILL_ITSELF + "    RETURN NULL;\n",
    ),
    pgtrigger.Protect(name="case_kept", operation=pgtrigger.Delete),
]
