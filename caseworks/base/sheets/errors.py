"""What is said about a file that cannot be read, and about a value that is wrong."""

from caseworks.base.errors import Refusal


class UnreadableFile(Refusal):
    """The file as a whole was refused and nothing of it was stored."""


class BadValue(ValueError):
    """One value of a row is wrong; the message says, in Chinese, what is wrong and what to do."""


class Damaged(str):
    """The text of a cell whose value was lost before it reached us, e.g. a long number kept by Excel as a number."""

    __slots__ = ()
