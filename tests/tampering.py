"""Rows changed past every trigger and key, to see that the books name them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection, transaction

from caseworks.books import checking

# Every check and every key but the primary ones of the tables that follow.
_UNGUARD = """
DO $$ DECLARE r record; BEGIN
    FOR r IN SELECT conrelid::regclass AS t, conname FROM pg_constraint
        WHERE contype IN ('c', 'u') AND conrelid::regclass::text ~ '^(cases|money|dispatch|subsidies)_'
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', r.t, r.conname); END LOOP;
    FOR r IN SELECT indexrelid::regclass AS i FROM pg_index
        WHERE indisunique AND NOT indisprimary AND indrelid::regclass::text ~ '^(cases|money|dispatch|subsidies)_'
    LOOP EXECUTE format('DROP INDEX %s', r.i); END LOOP;
END $$
"""


def not_named(tampering: Mapping[str, str]) -> dict[str, set[str]]:
    """What the books said instead of each invariant, where its tampering is not named by it; each undone at once."""
    missed = {}
    for name, sql in tampering.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(_UNGUARD)
            cursor.execute(sql)
            changed = cursor.rowcount
            found = {offence.invariant for offence in checking.offences()}
            transaction.set_rollback(True)
        if name not in found or not changed:
            missed[name] = found
    return missed
