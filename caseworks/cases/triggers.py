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

# Whatever door a step comes through: who signed a stage since the case last began anew does not sign another (N6.2).
# Looked up a case at a time through its key: a join planned on yesterday's statistics compares all with all.
SIGNATURES = ("pass_first", "pass_second", "approve", "endorse", "approve_further")
ANEW = ("send_back", "rejudge")


def _in(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


EVENT_SIGNED_BY_DIFFERENT_PEOPLE = pgtrigger.Trigger(
    name="event_signed_by_different_people",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="new_events"),
    declare=_WRONG,
    func=_REFUSE_WHERE.replace("case_follows_its_history", "event_signed_by_different_people").format(
        words="nobody signs two stages of a case",
        query=f"""
        SELECT min(n.case_id) FROM new_events n
        WHERE n.step IN ({_in(SIGNATURES)}) AND n.person_id IS NOT NULL AND (
            SELECT bool_or(o.person_id = n.person_id AND o.step IN ({_in(SIGNATURES)})) FROM cases_event o
            WHERE o.case_id = n.case_id AND o.seq < n.seq AND o.seq > coalesce((
                SELECT max(s.seq) FROM cases_event s
                WHERE s.case_id = n.case_id AND s.seq < n.seq AND s.step IN ({_in(ANEW)})), 0))
        """,
    )
    + "    RETURN NULL;\n",
)

REVIEW_ONLY_LAPSES = pgtrigger.Trigger(
    name="review_only_lapses",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func="""
    IF NEW.standing OR (to_jsonb(NEW) - 'standing') <> (to_jsonb(OLD) - 'standing') THEN
        RAISE EXCEPTION 'review_only_lapses: a review is not changed, it lapses (case %)', OLD.case_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
""",
)

# Whatever door is used: an objection is decided by somebody who signed no stage of the case (N6.2).
OBJECTION_HANDLED_BY_ANOTHER = pgtrigger.Trigger(
    name="objection_handled_by_another",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func=f"""
    IF NEW.decided_by_id IS NOT NULL AND EXISTS (
        SELECT FROM cases_event e JOIN cases_announcementline l ON l.case_id = e.case_id
        WHERE l.id = NEW.line_id AND e.person_id = NEW.decided_by_id AND e.step IN ({_in(SIGNATURES)})
    ) THEN
        RAISE EXCEPTION 'objection_handled_by_another: who reviewed a case does not decide objections to it (%)', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
""",
)
