"""Agencies: applications with their parts, obligations to hosts, vouchers, returns, findings (J2.2–J2.9)."""

from dispatch.models.applications import (
    Application,
    ApplicationLine,
    ApplicationQuerySet,
    Attachment,
    RosterRow,
    Share,
    ShareQuerySet,
)
from dispatch.models.findings import BarAnswer, BarPaper, Finding
from dispatch.models.obligations import LEFT, FundReturn, Obligation, ObligationLine, ObligationQuerySet
from dispatch.models.vouchers import Voucher, VoucherQuerySet

__all__ = [
    "LEFT", "Application", "ApplicationLine", "ApplicationQuerySet", "Attachment", "BarAnswer", "BarPaper", "Finding",
    "FundReturn", "Obligation", "ObligationLine", "ObligationQuerySet", "RosterRow", "Share", "ShareQuerySet",
    "Voucher", "VoucherQuerySet",
]  # fmt: skip
