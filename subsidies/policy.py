"""The rules of the skill subsidy: each one clause, a pure function of frozen facts and the policy row's figures (N3, J3).

No rule asks the database or the clock, and none holds a figure of its own.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from caseworks.base.money import ZERO
from subsidies.parameters import Parameters

YEAR = 12  # months


class Facts(NamedTuple):
    """All that is known of a claim on the day of its application; 0, blank and None: nothing."""

    applied_on: date
    issued_on: date | None  # of the person's certificate of that number
    level: int
    occupation_code: str
    insured_months: int  # distinct ones up to and with the month of issue
    service: str  # enterprise, benefit, or neither
    granted_same_on: date | None  # the same occupation and level
    granted_higher: int  # the highest level above this one that was granted
    granted_higher_on: date | None
    training_same_on: date | None  # training subsidies from the row's first day on, up to the application
    training_higher: int
    training_higher_on: date | None
    granted_in_year: int  # in the calendar year of application
    granted_ordinary: int  # of these, occupations that are not in short supply

    @property
    def has_certificate(self) -> bool:
        """Whether the person holds the certificate on the day of application. (N3.1)"""
        return self.issued_on is not None and self.issued_on <= self.applied_on


class Grant(NamedTuple):
    """A claim that was granted and whose slot stands."""

    occupation_code: str
    level: int
    applied_on: date
    in_shortage: bool = False
    slot: int = 0  # the nth of the calendar year


class Training(NamedTuple):
    """A training subsidy that was paid (J3.2)."""

    occupation_code: str
    level: int
    paid_on: date


class Reason(NamedTuple):
    """Why a claim is refused: the code, what was found, the limit, and the numbers behind it."""

    code: str
    value: str | int | date | None
    limit: str | int | date | None = None
    numbers: Mapping[str, int | date | None] | None = None


class Judgement(NamedTuple):
    """What the rules say of one claim."""

    outcome: str
    reasons: tuple[Reason, ...]
    amount: Decimal

    @property
    def codes(self) -> list[str]:
        """The reason codes in their order."""
        return [reason.code for reason in self.reasons]


@lru_cache(maxsize=8192)
def months_after(day: date, months: int) -> date:
    """The same day so many calendar months later, or that month's last: 29 Feb + 12 is 28 Feb. (contract 4)"""
    count = day.year * YEAR + day.month - 1 + months
    year, month = divmod(count, YEAR)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


# -- the rules


def certificate_not_found(facts: Facts, year: Parameters) -> Reason | None:
    """取得职业资格证书或职业技能等级证书，且在申领之前. (N3.1, J3.1)"""
    return None if facts.has_certificate else Reason("certificate_not_found", facts.issued_on, facts.applied_on)


def level_not_covered(facts: Facts, year: Parameters) -> Reason | None:
    """初级（五级）、中级（四级）、高级（三级）. (N3.2)"""
    return Reason("level_not_covered", facts.level) if year.amount(facts.level) is None else None


def policy_expired(facts: Facts, last_day: date | None) -> Reason | None:
    """至政策最后一日. (N3.4)"""
    if last_day is not None and facts.applied_on > last_day:
        return Reason("policy_expired", facts.applied_on, last_day)
    return None


def window_expired(facts: Facts, year: Parameters) -> Reason | None:
    """取证之日起 12 个月内申领，按日历月计. (N3.1, 本省经办实务)"""
    assert facts.issued_on is not None
    last = months_after(facts.issued_on, year.window_months)
    if facts.applied_on > last:
        return Reason("window_expired", facts.applied_on, last, {"issued_on": facts.issued_on})
    return None


def insured_months_insufficient(facts: Facts, year: Parameters) -> Reason | None:
    """参保1年以上，截至发证当月. (N3.1)"""
    if facts.insured_months < year.insured_months_required:
        return Reason("insured_months_insufficient", facts.insured_months, year.insured_months_required)
    return None


def not_in_service(facts: Facts, year: Parameters) -> Reason | None:
    """企业在职职工或领取失业保险金人员，看申领当月. (N3.1)"""
    return None if facts.service else Reason("not_in_service", facts.applied_on)


def already_subsidised(facts: Facts, year: Parameters) -> Reason | None:
    """同一职业（工种）同一等级只能享受一次. (N3.3)"""
    return Reason("already_subsidised", facts.granted_same_on) if facts.granted_same_on else None


def higher_level_subsidised(facts: Facts, year: Parameters) -> Reason | None:
    """已享受高级别的，不再享受低级别；培训补贴亦同. (N3.3, J3.2)"""
    if not facts.granted_higher and not facts.training_higher:
        return None
    numbers = {
        "granted": facts.granted_higher,
        "granted_on": facts.granted_higher_on,
        "training": facts.training_higher,
        "training_on": facts.training_higher_on,
    }
    return Reason("higher_level_subsidised", facts.granted_higher or facts.training_higher, facts.level, numbers)


def training_subsidy_overlap(facts: Facts, year: Parameters) -> Reason | None:
    """不得与职业培训补贴重复. (N3.3, J3.1, J3.2)"""
    if facts.training_same_on:
        return Reason("training_subsidy_overlap", facts.training_same_on, year.training_overlap_from)
    return None


def annual_limit(facts: Facts, year: Parameters) -> Reason | None:
    """每人每年最多三次；2025 年起每年一次，急需紧缺职业（工种）可再增加. (N3.3)"""
    most = year.claims_a_year + year.shortage_claims_a_year
    if facts.granted_in_year >= most:
        return Reason("annual_limit", facts.granted_in_year, most)
    ordinary = year.shortage_claims_a_year > 0 and not year.in_shortage(facts.occupation_code)
    if ordinary and facts.granted_ordinary >= year.claims_a_year:
        return Reason("annual_limit", facts.granted_ordinary, year.claims_a_year)
    return None


Rule = Callable[[Facts, Parameters], Reason | None]

# In the order in which their reasons are given (contract 4); `policy_expired` stands on the row's dates.
BEFORE: tuple[Rule, ...] = (level_not_covered,)
AFTER: tuple[Rule, ...] = (
    window_expired, insured_months_insufficient, not_in_service, already_subsidised, higher_level_subsidised,
    training_subsidy_overlap, annual_limit,
)  # fmt: skip


def judge(facts: Facts, year: Parameters, last_day: date | None) -> Judgement:
    """Judge one claim: all reasons that apply, in their order; without the certificate nothing else is tested. (N3, J3)"""
    missing = certificate_not_found(facts, year)
    if missing is not None:
        # Without a certificate there is no level and no window: the switch cannot open what cannot be judged.
        return Judgement("refused", (missing,), ZERO)
    found = [reason for rule in BEFORE if (reason := rule(facts, year)) is not None]
    if (expired := policy_expired(facts, last_day)) is not None:
        found.append(expired)
    found += [reason for rule in AFTER if (reason := rule(facts, year)) is not None]
    reasons = tuple(reason for reason in found if year.applies(reason.code)) if found else ()
    amount = year.amount(facts.level, facts.occupation_code)
    if reasons or amount is None:
        return Judgement("refused", reasons or (Reason("level_not_covered", facts.level),), ZERO)
    return Judgement("granted", (), amount)


# -- from what is known of a person to the facts of one claim


def free_slot(grants: Iterable[Grant], year: int) -> int:
    """The first number of a calendar year that no standing grant holds: one that review freed is given again. (N3.3)"""
    return first_free({grant.slot for grant in grants if grant.applied_on.year == year})


def first_free(taken: Collection[int | None]) -> int:
    """The first number from 1 on that is not taken."""
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def against(facts: Facts, grants: Iterable[Grant], trainings: Iterable[Training], year: Parameters) -> Facts:
    """The facts with what the person was granted before, and with the training subsidies that count. (N3.3, J3.2)"""
    same_on = higher_on = None
    higher = in_year = ordinary = 0
    for grant in grants:
        if grant.occupation_code == facts.occupation_code:
            if grant.level == facts.level:
                same_on = grant.applied_on
            elif grant.level < facts.level and (not higher or grant.level < higher):
                higher, higher_on = grant.level, grant.applied_on
        if grant.applied_on.year == facts.applied_on.year:
            in_year += 1
            ordinary += not grant.in_shortage
    training_on = above_on = None
    above = 0
    first = year.training_overlap_from
    for paid in trainings:
        if first is None or not first <= paid.paid_on <= facts.applied_on:
            continue
        if paid.occupation_code != facts.occupation_code:
            continue
        if paid.level == facts.level:
            training_on = paid.paid_on
        elif paid.level < facts.level and (not above or paid.level < above):
            above, above_on = paid.level, paid.paid_on
    return facts._replace(
        granted_same_on=same_on,
        granted_higher=higher,
        granted_higher_on=higher_on,
        training_same_on=training_on,
        training_higher=above,
        training_higher_on=above_on,
        granted_in_year=in_year,
        granted_ordinary=ordinary,
    )
