"""How the fund stands now: balance, average month, what is on its way, and what must stay for living benefits.

The gate (N2.6) asks for the end of the year before; this looks on through the year (N6.1, J4.3). With the months that
finance recorded, the last balance and the average of up to twelve months count; without any, the year before's.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.db.models import Q, QuerySet, Sum

from caseworks.base.money import ZERO, half_up, rate4, thousands
from caseworks.cases.enums import Status
from caseworks.cases.models import Case
from caseworks.law.schemes import modules_by_name
from caseworks.money.enums import GOING, BatchStatus, PaymentStatus
from caseworks.money.models import Batch, FundMonth, Payment
from caseworks.people import offices
from caseworks.registry.models import FundYear

MONTHS = 12
LIVING = 1  # the first priority: benefits that people live on (N4); schemes without a word of their own come after
LATER = 2


def priority(scheme: str) -> int:
    """When a scheme's money goes: `PRIORITY` of its module, living benefits first."""
    return int(getattr(modules_by_name()[scheme], "PRIORITY", LATER))


@dataclass(frozen=True)
class Position:
    """The fund of a region on a day, with the arithmetic behind it."""

    region: str
    on: date
    required: int
    year: FundYear | None = None
    months: list[FundMonth] = field(default_factory=list)  # the newest first, one a month
    sent: Decimal = ZERO  # went to the bank after the last balance
    drawn: Decimal = ZERO  # in batches that have not gone yet
    cleared: Decimal = ZERO  # announced without objection, in no batch yet

    @property
    def stand(self) -> tuple[str, Decimal] | None:
        """Of when the last known balance is, and how much."""
        if self.months:
            return self.months[0].period, self.months[0].balance
        return (f"{self.year.year}-12", self.year.closing_balance) if self.year else None

    @property
    def monthly(self) -> Fraction | None:
        """The average expenditure of a month."""
        if self.months:
            rows = self.months[:MONTHS]
            return Fraction(sum((row.expenditure for row in rows), ZERO)) / len(rows)
        return Fraction(self.year.expenditure) / MONTHS if self.year else None

    @property
    def living(self) -> Fraction | None:
        """What living benefits take in an average month; None where nobody recorded it."""
        rows = self.months[:MONTHS]
        return Fraction(sum((row.living for row in rows), ZERO)) / len(rows) if rows else None

    @property
    def keep(self) -> Decimal | None:
        """What must stay for living benefits of the coming months (setting FUND_LIVING_MONTHS)."""
        return None if self.living is None else half_up(self.living * settings.FUND_LIVING_MONTHS)

    @property
    def balance(self) -> Decimal | None:
        """The last balance less what went to the bank since."""
        return None if self.stand is None else self.stand[1] - self.sent

    @property
    def lasts(self) -> Fraction | None:
        """How many average months the balance is."""
        return self._months_of(self.balance)

    def after(self, amount: Decimal) -> Decimal | None:
        """What is left when so much more has gone."""
        return None if self.balance is None else self.balance - amount

    def months_after(self, amount: Decimal) -> Decimal | None:
        """How many months that is, as it is shown."""
        found = self._months_of(self.after(amount))
        return None if found is None else rate4(found)

    def _months_of(self, balance: Decimal | None) -> Fraction | None:
        return Fraction(balance) / self.monthly if balance is not None and self.monthly else None

    @property
    def shown_months(self) -> Decimal | None:
        """The reserve as it is shown."""
        return None if self.lasts is None else rate4(self.lasts)

    @property
    def shown_monthly(self) -> Decimal | None:
        """The average month as it is shown."""
        return None if self.monthly is None else half_up(self.monthly)

    @property
    def shown_living(self) -> Decimal | None:
        """The average living benefits as they are shown."""
        return None if self.living is None else half_up(self.living)

    @property
    def tone(self) -> str:
        """red: below the months that the policy asks for; amber: near them; grey: no figures; else green."""
        if self.lasts is None:
            return "grey"
        if self.lasts < self.required:
            return "red"
        return "amber" if self.lasts < self.required + settings.FUND_WARNING_MONTHS else "green"

    def short(self, amount: Decimal) -> bool:
        """Would less be left than living benefits need? Nothing is said where nobody recorded what they take."""
        left = self.after(amount)
        return left is not None and self.keep is not None and left < self.keep

    def because(self, amount: Decimal) -> str:
        """Why a payment of lower priority has to wait, in words."""
        assert self.keep is not None
        left = self.after(amount) or ZERO
        return (
            f"基金优先保障保生活待遇（N6.1）：地区 {self.region} 结余 {thousands(self.balance or ZERO)} 元，"
            f"付出 {thousands(amount)} 元后余 {thousands(left)} 元，少于须留给保生活待遇的 {thousands(self.keep)} 元"
            f"（月均 {thousands(self.shown_living or ZERO)} 元 × {settings.FUND_LIVING_MONTHS} 个月）。"
        )


def of_region(rows: QuerySet[Payment] | QuerySet[Case] | QuerySet[Batch], region: str) -> QuerySet:
    """Payments, cases or batches that leave the fund of a region: the province's all, a pool's those of its city."""
    return rows if region.endswith("0000") else rows.filter(city_office=offices.place(region).city_office_id)


def look(region: str, on: date, *, required: int, without: int | None = None) -> Position:
    """How a region's fund stands; `without` is a batch that is looked at by itself."""
    months = _months(region, on)
    year = FundYear.objects.filter(region=region, year__lt=on.year).order_by("-year").first()
    since = _last_day(months[0].period) if months else date(year.year, 12, 31) if year else None
    sent = of_region(Payment.objects.filter(status__in=(PaymentStatus.SENT, PaymentStatus.PAID)), region)
    if since is not None:
        sent = sent.filter(sent_on__gt=since)
    waiting = of_region(Batch.objects.filter(status__in=(BatchStatus.DRAWN, *GOING)), region)
    if without is not None:
        waiting = waiting.exclude(pk=without)
    cleared = of_region(Case.objects.filter(status=Status.CLEARED), region)
    return Position(region, on, required, year, months, _sum(sent), _sum(waiting), _sum(cleared))


def _months(region: str, on: date) -> list[FundMonth]:
    """The months on record up to a day, the newest first; of a corrected one the last record."""
    rows = FundMonth.objects.filter(region=region, period__lte=f"{on:%Y-%m}")
    return list(rows.order_by("-period", "-pk").distinct("period")[: MONTHS * 3])


def _last_day(period: str) -> date:
    year, month = map(int, period.split("-"))
    return date(year, month, calendar.monthrange(year, month)[1])


def _sum(rows: QuerySet) -> Decimal:
    return rows.aggregate(total=Sum("amount"))["total"] or ZERO


def regions() -> list[str]:
    """The regions of which there are figures of the fund, the province first."""
    found = set(FundYear.objects.values_list("region", flat=True)) | set(
        FundMonth.objects.values_list("region", flat=True)
    )
    return sorted(found, key=lambda region: (not region.endswith("0000"), region))


def paid_by_month(region: str, years: Iterable[int]) -> dict[str, Decimal]:
    """What this system paid from a region's fund, by month of arrival."""
    wanted = Q()
    for year in years:
        wanted |= Q(paid_on__year=year)
    rows = of_region(Payment.objects.filter(wanted, status=PaymentStatus.PAID), region)
    return {
        f"{row['paid_on__year']}-{row['paid_on__month']:02d}": row["total"]
        for row in rows.order_by().values("paid_on__year", "paid_on__month").annotate(total=Sum("amount"))
    }
