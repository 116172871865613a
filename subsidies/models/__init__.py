"""The tables of the skill subsidy."""

from subsidies.models.claims import Claim, ClaimFile, ClaimQuerySet, RejectedLine
from subsidies.models.overlaps import Overlap, OverlapQuerySet
from subsidies.models.persons import Claimant, Invitation, InvitationQuerySet, Lookup, PhoneCode

__all__ = [
    "Claim",
    "ClaimFile",
    "ClaimQuerySet",
    "Claimant",
    "Invitation",
    "InvitationQuerySet",
    "Lookup",
    "Overlap",
    "OverlapQuerySet",
    "PhoneCode",
    "RejectedLine",
]  # fmt: skip
