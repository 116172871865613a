"""Batches, payments, what moved, and what is claimed back (N2.6, N5.2, N6.2)."""

from caseworks.money.models.batches import Batch
from caseworks.money.models.fund import FundMonth
from caseworks.money.models.movements import BankFile, Movement, ResultFile
from caseworks.money.models.payments import Payment, PaymentQuerySet
from caseworks.money.models.recoveries import Recovery, RecoveryEntry, RecoveryQuerySet, Repayment
from caseworks.money.models.statements import Match, MovementNote, ReconciledMonth, Statement, StatementLine
from caseworks.money.models.uses import UseLine, UseReport, UseReportQuerySet
from caseworks.money.models.year_end import FinalCall, FinalCallLine, FinalCallQuerySet, Reminder

__all__ = [
    "BankFile",
    "Batch",
    "FinalCall",
    "FinalCallLine",
    "FinalCallQuerySet",
    "FundMonth",
    "Match",
    "Movement",
    "MovementNote",
    "Payment",
    "PaymentQuerySet",
    "ReconciledMonth",
    "Recovery",
    "RecoveryEntry",
    "RecoveryQuerySet",
    "Reminder",
    "Repayment",
    "ResultFile",
    "Statement",
    "StatementLine",
    "UseLine",
    "UseReport",
    "UseReportQuerySet",
]
