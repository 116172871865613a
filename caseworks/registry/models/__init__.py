"""The registry's nouns: units, their accounts and contributions, the people, and the record of every import."""

from caseworks.registry.models.accounts import Account
from caseworks.registry.models.cards import CardChange
from caseworks.registry.models.contributions import Contribution, FundYear, Listing, Separation
from caseworks.registry.models.declarations import AccountDeclaration
from caseworks.registry.models.imports import ImportFile, RejectedRow, Retirement
from caseworks.registry.models.persons import BenefitSpell, Certificate, TrainingSubsidy, Worker, WorkerInsurance
from caseworks.registry.models.successions import Succession
from caseworks.registry.models.units import Unit

__all__ = [
    "Account",
    "AccountDeclaration",
    "BenefitSpell",
    "CardChange",
    "Certificate",
    "Contribution",
    "FundYear",
    "ImportFile",
    "Listing",
    "RejectedRow",
    "Retirement",
    "Separation",
    "Succession",
    "TrainingSubsidy",
    "Unit",
    "Worker",
    "WorkerInsurance",
]
