"""Lines of contributions that need no parsing: a pattern finds whole runs of them, which go to COPY as they stand.

A line that the pattern does not match is not wrong: it is parsed. A line that it matches is right but for its unit,
which the anti-join against the known units decides (their codes were checked when they came in).
"""

from __future__ import annotations

import re

from caseworks.base.enums import ContributionKind
from caseworks.base.sheets.reading import Sheet
from caseworks.registry.enums import FileKind
from caseworks.registry.specs.payments import OWING
from caseworks.registry.specs.shape import FileSpec

_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = (
    r"(?:19|20)[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_MONEY = r"[0-9]{1,12}+(?:\.[0-9]{1,2}+)?+"  # possessive: a line that does not match is given up at once
_NOTHING = r"0(?:\.0{1,2})?"
_USCC = "[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}"
_FREE = {"kind": "|".join(sorted(OWING)), "due": _MONEY, "paid": _MONEY, "paid_on": _DAY}
_NOT_OWING = "|".join(sorted(set(ContributionKind.values) - OWING))
# What was paid on a day; what was paid on a day and never owed; what is still unpaid.
_SORTS = (_FREE, _FREE | {"kind": _NOT_OWING, "due": _NOTHING}, _FREE | {"paid": _NOTHING, "paid_on": ""})


def clean_lines(spec: FileSpec, sheet: Sheet, year: int | None = None) -> re.Pattern[bytes] | None:
    """A pattern of one or more clean lines of the sheet (of one year), where its columns are all known."""
    header = sheet.header
    if spec.kind != FileKind.CONTRIBUTIONS or sheet.opened.form != "csv":
        return None
    if header.width != len(header.columns) or min(header.places) < 0:
        return None
    at = {place: column.name for column, place in zip(header.columns, header.places, strict=True)}
    common = {
        "uscc": _USCC,
        "period": f"{year if year else '(?:19|20)[0-9]{2}'}-{_MONTH}",
        "serial": "[0-9A-Za-z_/-]{1,40}+",
        "headcount": "[0-9]{1,9}+",
    }
    sorts = []
    for sort in _SORTS:
        parts = common | sort
        sorts.append(",".join(f"(?:{parts[at[place]]})" for place in range(header.width)))
    return re.compile(f"(?:(?:{'|'.join(sorts)})\\r?\\n)++".encode())
