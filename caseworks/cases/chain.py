"""The text over which an event's digest is taken, as SQL: what is written and what is verified is the same words.

A digest is sha256 over the digest before it (nothing, for the first event) and the UTF-8 text of a JSON array. It needs
only what every PostgreSQL has, and anybody can take it again outside.
"""

from __future__ import annotations

FORM = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
COLUMNS = ("case_id", "seq", "step", "from_status", "to_status", "at", "person_id", "actor", "address", "note", "data")


def digest_of(previous: str, line: str) -> str:
    """SQL of the digest of an event row called `line` after the digest `previous`."""
    values = ", ".join(
        f"to_char({line}.at AT TIME ZONE 'UTC', '{FORM}')" if column == "at" else f"{line}.{column}"
        for column in COLUMNS
    )
    return f"sha256(coalesce({previous}, ''::bytea) || convert_to(json_build_array({values})::text, 'UTF8'))"
