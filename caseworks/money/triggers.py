"""The database's guard over money: what was drawn up stays as it was, and what moved is never written over."""

from __future__ import annotations

import pgtrigger

# What a payment is. Its state, its results and the words about its account may still change.
PAYMENT_IS = (
    "payment_no", "batch_id", "case_id", "scheme", "year", "subject", "share", "attempt", "name", "office_id",
    "city_office_id", "amount", "account_id", "account_kind", "account_no", "account_hash", "account_tail",
    "account_name", "bank_name", "bank_code", "account_source", "account_on", "declaration_id",
)  # fmt: skip
PAYMENT_GUARDS: list[pgtrigger.Trigger] = [
    pgtrigger.Protect(name="payment_stays_itself", operation=pgtrigger.UpdateOf(*PAYMENT_IS)),
    pgtrigger.Protect(name="payment_kept", operation=pgtrigger.Delete),
]
BATCH_GUARDS: list[pgtrigger.Trigger] = [
    pgtrigger.Protect(
        name="batch_stays_itself",
        operation=pgtrigger.UpdateOf(
            "batch_no", "scheme", "year", "office_id", "city_office_id", "drawn_by_id", "drawn_on", "policy_id"
        ),
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
