"""The law room's tables."""

from caseworks.law.models.calendars import CalendarChange, CalendarDay, CalendarYear, Deadline, DeadlineChange
from caseworks.law.models.policies import Policy, PolicyFigure
from caseworks.law.models.training import TrainingMark

__all__ = [
    "CalendarChange",
    "CalendarDay",
    "CalendarYear",
    "Deadline",
    "DeadlineChange",
    "Policy",
    "PolicyFigure",
    "TrainingMark",
]
