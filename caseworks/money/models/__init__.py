"""Batches, payments and what moved (N2.6, N5.2, N6.2)."""

from caseworks.money.models.batches import Batch
from caseworks.money.models.movements import BankFile, Movement, ResultFile
from caseworks.money.models.payments import Payment, PaymentQuerySet

__all__ = ["BankFile", "Batch", "Movement", "Payment", "PaymentQuerySet", "ResultFile"]
