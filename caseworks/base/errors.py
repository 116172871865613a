"""What an operation says when it will not do something."""

from __future__ import annotations

from collections.abc import Iterable


class Refusal(Exception):
    """An operation was refused and nothing was changed.

    The message is Chinese and meant for a caseworker: what happened, what was left unchanged, what to do.
    `details` are further lines, one a row or object concerned.
    """

    def __init__(self, message: str, details: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)

    def __str__(self) -> str:
        return "\n".join((self.message, *self.details))
