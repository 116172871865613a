"""Batches, payments, what moved, and what is claimed back (N2.6, N5.2, N6.2)."""

from caseworks.money.models.batches import Batch
from caseworks.money.models.fund import FundMonth
from caseworks.money.models.movements import BankFile, Movement, ResultFile
from caseworks.money.models.payments import Payment, PaymentQuerySet
from caseworks.money.models.recoveries import Recovery, RecoveryEntry, RecoveryQuerySet, Repayment

__all__ = [
    "BankFile",
    "Batch",
    "FundMonth",
    "Movement",
    "Payment",
    "PaymentQuerySet",
    "Recovery",
    "RecoveryEntry",
    "RecoveryQuerySet",
    "Repayment",
    "ResultFile",
]
