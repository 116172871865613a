"""How a unit's name is compared: without spaces, widths and kinds of brackets."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
_BRACKETS = str.maketrans("[]{}【】〔〕〈〉《》「」『』", "()()()()()()()()")
SEPARATOR = "|"


def name_key(text: str) -> str:
    """The form of a name that search compares: NFKC, one kind of brackets, no white space, capital letters."""
    folded = unicodedata.normalize("NFKC", text).translate(_BRACKETS)
    return _SPACE.sub("", folded).replace(SEPARATOR, "").upper()


def former_names(text: str) -> list[str]:
    """The former names of a cell, `;` between them (contract section 1)."""
    return [name for part in re.split("[;；]", text) if (name := part.strip())]


def former_key(text: str) -> str:
    """The keys of a unit's former names, each behind a separator."""
    return "".join(SEPARATOR + name_key(name) for name in former_names(text))
