"""The database's guard over money: what was drawn up stays as it was, and what moved is never written over."""

from __future__ import annotations

import pgtrigger

# What a payment is. Its state, its results and the words about its account may still change.
PAYMENT_IS = (
    "payment_no", "batch_id", "case_id", "scheme", "year", "subject", "share", "attempt", "name", "office_id",
    "city_office_id", "amount", "account_id", "account_kind", "account_no", "account_hash", "account_tail",
    "account_name", "bank_name", "bank_code", "account_source", "account_on", "declaration_id",
)  # fmt: skip
_WRONG = [("wrong", "bigint")]
# One join a statement; planned anew each time, since a batch has one line or five thousand.
_REFUSE_WHERE = """
    EXECUTE $sql$ {query} $sql$ INTO wrong;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'batch_composition_locked: {words} (batch %)', wrong
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""
PAYMENT_GUARDS: list[pgtrigger.Trigger] = [
    pgtrigger.Protect(name="payment_stays_itself", operation=pgtrigger.UpdateOf(*PAYMENT_IS)),
    pgtrigger.Protect(name="payment_kept", operation=pgtrigger.Delete),
    pgtrigger.Trigger(
        name="payment_joins_a_drawn_batch",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_payments"),
        declare=_WRONG,
        func=_REFUSE_WHERE.format(
            words="nothing is added to a batch once it was released",
            query="""
                SELECT min(n.batch_id) FROM new_payments n JOIN money_batch b ON b.id = n.batch_id
                WHERE b.status <> 'drawn'
            """,
        ),
    ),
    pgtrigger.Trigger(
        name="payment_leaves_before_it_is_sent",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(new="new_payments", old="old_payments"),
        declare=_WRONG,
        func=_REFUSE_WHERE.format(
            words="nothing is taken out of a batch once it was sent",
            query="""
                SELECT min(n.batch_id) FROM new_payments n JOIN old_payments o USING (id)
                JOIN money_batch b ON b.id = n.batch_id
                WHERE n.status = 'cancelled' AND o.status <> 'cancelled' AND b.status IN ('sent', 'dissolved')
            """,
        ),
    ),
]
BATCH_GUARDS: list[pgtrigger.Trigger] = [
    pgtrigger.Protect(
        name="batch_stays_itself",
        operation=pgtrigger.UpdateOf(
            "batch_no",
            "scheme",
            "year",
            "office_id",
            "city_office_id",
            "drawn_by_id",
            "drawn_on",
            "policy_id",
            "bank",
            "fiscal_steps",
        ),
    ),
    pgtrigger.Protect(
        name="batch_only_shrinks",
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition('NEW."lines" > OLD."lines" OR NEW."amount" > OLD."amount"'),
    ),
    pgtrigger.Protect(name="batch_kept", operation=pgtrigger.Delete),
]
RECOVERY_GUARDS: list[pgtrigger.Trigger] = [
    pgtrigger.Protect(
        name="recovery_stays_itself",
        operation=pgtrigger.UpdateOf(
            "key", "kind", "origin", "scheme", "year", "subject", "amount", "found_on", "found_by_id"
        ),
    ),
    pgtrigger.Protect(name="recovery_kept", operation=pgtrigger.Delete),
]


def append_only(name: str) -> pgtrigger.Trigger:
    """Written once, never changed."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


# What a closed month was closed on stays: its lines keep their movements until the month is opened again.
CLOSED_MONTH_GUARDS: list[pgtrigger.Trigger] = [
    pgtrigger.Protect(name="match_stays_itself", operation=pgtrigger.Update),
    pgtrigger.Trigger(
        name="match_of_a_closed_month_stays",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func="""
            IF EXISTS (
                SELECT FROM money_statementline l
                JOIN money_reconciledmonth r ON r.office_id = l.office_id AND r.month = l.month AND r.status = 'closed'
                WHERE l.id = OLD.line_id
            ) THEN
                RAISE EXCEPTION 'match_of_a_closed_month_stays: the month of the line is closed'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        """,
    ),
]
