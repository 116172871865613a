"""How long work may wait before it shows, and what a supervisor groups states by."""

from __future__ import annotations

import datetime as dt

from caseworks.cases.enums import Status
from caseworks.cases.lifecycle import FINAL, UNDER_REVIEW, UNFINISHED

#: How far a case has come: the states that count as having got there.
REACHED: dict[str, tuple[str, tuple[Status, ...]]] = {
    "opened": ("已立件", tuple(status for status in Status if status not in FINAL)),
    "approved": (
        "已审批",
        (Status.APPROVED, Status.ANNOUNCED, Status.CLEARED, Status.BATCHED, Status.RETURNED, Status.PAID),
    ),
    "announced": (
        "已公示",
        (Status.ANNOUNCED, Status.CLEARED, Status.BATCHED, Status.RETURNED, Status.PAID),
    ),
    "cleared": ("公示期满", (Status.CLEARED, Status.BATCHED, Status.RETURNED, Status.PAID)),
    "paid": ("已拨付", (Status.PAID,)),
}
GROUPS: dict[str, tuple[str, tuple[Status, ...]]] = {
    "open": ("未办结", UNFINISHED),
    "review": ("审核中", UNDER_REVIEW),
    "paying": ("待拨付、拨付中", (Status.CLEARED, Status.BATCHED)),
    **REACHED,
    "out": ("退出（不予支付、撤回、放弃）", FINAL),
}

#: Whose turn it is in a state: the permission of the step that is next. Of the others the clock or the bank decides.
NEXT: dict[Status, str] = {
    Status.OPENED: "case.review",
    Status.FIRST_PASSED: "case.recheck",
    Status.SECOND_PASSED: "case.approve",
    Status.ENDORSED: "case.approve_further",
    Status.APPROVED: "announcement.draw",
    Status.CLEARED: "payment.make",
    Status.RETURNED: "payment.keep",
}

#: Stands for a cause that the bank did not give.
UNSAID = "（银行未写明）"

#: Bands of waiting, in calendar days: from, up to, tone.
BANDS: dict[str, tuple[str, int, int | None, str]] = {
    "fresh": ("3 天以内", 0, 3, ""),
    "week": ("4–7 天", 4, 7, ""),
    "half": ("8–15 天", 8, 15, "amber"),
    "old": ("15 天以上", 16, None, "red"),
}


def band_of(since: dt.date, on: dt.date) -> str:
    """The band of what waits since a day."""
    days = (on - since).days
    return next((name for name, (_, _, most, _) in BANDS.items() if most is None or days <= most), "old")


def band_days(band: str, on: dt.date) -> tuple[dt.date | None, dt.date]:
    """The days since which a band waits: from (None: however long), up to."""
    _, least, most, _ = BANDS[band]
    last = on - dt.timedelta(days=least) if least else dt.date.max
    return (None if most is None else on - dt.timedelta(days=most)), last
