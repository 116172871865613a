"""The key by which a case or a payment names whom it is for: a unit by its code, a person by the ID number's keyed hash."""

from __future__ import annotations

from caseworks.base.identifiers import citizen_id_problem, normalise
from caseworks.base.sealed import lookup_hash

CODE = 18  # characters of a USCC
OBJECTOR = "objector/"  # begins the key of who objected: named by the number of the objection alone
PERSON_KEY = 64  # characters: a hash of 32 bytes in hexadecimal


def person_key(id_hash: bytes) -> str:
    """The key of a person whose number's hash is known."""
    return bytes(id_hash).hex()


def is_person(subject: str) -> bool:
    """Whether the key is that of a person."""
    return len(subject) == PERSON_KEY


def objector_key(objection: int) -> str:
    """The key of whoever made an objection; notices go to what was given as the contact."""
    return f"{OBJECTOR}{objection}"


def key_of(text: str) -> str:
    """The key of somebody as files and people write it: a USCC, or an ID number."""
    text = normalise(text, identifier=True)
    if len(text) == CODE and citizen_id_problem(text) is not None:
        return text
    return person_key(lookup_hash(text))


def shown(subject: str) -> str:
    """Whom a case is for, as lists show it: a unit's code; of a person's key, only that it is one."""
    if subject.startswith(OBJECTOR):
        return f"异议 {subject.removeprefix(OBJECTOR)}"
    return "个人" if is_person(subject) else subject
