"""Applications of dispatch agencies, their rosters and parts (J2.2–J2.6)."""

from dispatch.models.applications import (
    Application,
    ApplicationLine,
    ApplicationQuerySet,
    Attachment,
    RosterRow,
    Share,
    ShareQuerySet,
)

__all__ = [
    "Application", "ApplicationLine", "ApplicationQuerySet", "Attachment", "RosterRow", "Share", "ShareQuerySet",
]  # fmt: skip
