"""Announcing approved cases: drawn up by one person, published by another, cleared when the period is over (N6.2).

The list is frozen when it is drawn up; the step of the cases is taken when it is published. An objection holds its own
line; `clear_due` lets all others go on, however late it runs and however often. A correction announces changed lines.
"""

from caseworks.cases.announcements.clearing import clear_due
from caseworks.cases.announcements.corrections import correctable, due_corrections, why_nothing
from caseworks.cases.announcements.corrections import draw_up as draw_up_correction
from caseworks.cases.announcements.drawing import awaiting, discard, draw_up
from caseworks.cases.announcements.publishing import Preview, preview, publish
from caseworks.cases.announcements.taking_down import take_down_due

__all__ = [
    "Preview", "awaiting", "clear_due", "correctable", "discard", "draw_up", "draw_up_correction", "due_corrections",
    "preview", "publish", "take_down_due", "why_nothing",
]  # fmt: skip
