"""What the units of the demo province go through: one plan a unit, drawn from a table of situations.

Each situation exists because a rule, a reason, a flag or a hold of the refund exists (contract, section 2); its weight
is what a caseworker would find plausible. Nothing here is real: see the words in the names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

CEILING, SMALL_CEILING, SMALL_HEADCOUNT = 0.055, 0.20, 30


@dataclass(slots=True)
class Plan:
    """One unit and its premium year; months are 1 to 12, money is in fen."""

    unit_type: str = "enterprise"
    size: str = "small"
    prefix: str = "91"
    status: str = "active"
    industry: str = ""
    suffix: str = ""
    licence: str = ""  # "", "live" or "expired"
    opening: int = 10
    closing: int = 10
    base: int = 5000  # monthly wage base in yuan; 1 % of it in fen is the premium of one person
    silent: tuple[int, ...] = ()  # months without any row
    supplement_only: tuple[int, ...] = ()  # months whose row is a supplement, so nobody is counted
    short: dict[int, float] = field(default_factory=dict)  # month → share paid
    made_up: bool = False  # what was short is paid later, as arrears
    late: bool = False  # December is paid in February
    refund: float = 0.0  # share of one month given back
    all_refunded: bool = False
    supplement: bool = False
    late_fee: bool = False
    earlier: bool = True  # rows of the years before
    deaths: int = 0
    retirements: int = 0
    resignations: int = 0
    # The list, and the days from New Year of the policy year to the listing and to the removal (0: it stands).
    listing: tuple[str, int, int] | None = None
    accounts: str = "corporate"  # corporate, tax, both, none
    foreign_account_name: bool = False
    account_changes: bool = False
    rejected_row: bool = False


def allowed(opening: int) -> int:
    """The largest net reduction that passes at this opening headcount."""
    ceiling = SMALL_CEILING if opening <= SMALL_HEADCOUNT else CEILING
    return math.floor(opening * ceiling + 1e-9)


def plain(r: Random) -> Plan:
    """An ordinary enterprise of a plausible size."""
    draw = r.random()
    if draw < 0.56:
        size, opening = "micro", r.randint(1, 9)
    elif draw < 0.88:
        size, opening = "small", r.randint(10, 60)
    elif draw < 0.975:
        size, opening = "medium", r.randint(61, 320)
    else:
        size, opening = "large", min(6000, int(350 * r.paretovariate(1.3)))
    plan = Plan(size=size, opening=opening, closing=opening, base=r.randint(3900, 9800))
    plan.accounts = "both" if size == "micro" and r.random() < 0.15 else "corporate"
    return plan


def steady(p: Plan, r: Random) -> None:
    p.closing = p.opening - r.randint(0, allowed(p.opening))


def growth(p: Plan, r: Random) -> None:
    p.closing = p.opening + max(1, int(p.opening * r.uniform(0.02, 0.4)))


def at_ceiling(p: Plan, r: Random) -> None:
    p.size, p.opening = "medium", 200 * r.randint(1, 2)
    p.closing = p.opening - p.opening * 55 // 1000


def over_ceiling(p: Plan, r: Random) -> None:
    at_ceiling(p, r)
    p.closing -= 1


def small_at_ceiling(p: Plan, r: Random) -> None:
    p.size, p.opening = "small", r.choice((5, 10, 15, 20, 25, 30))
    p.closing = p.opening - p.opening // 5


def small_over_ceiling(p: Plan, r: Random) -> None:
    p.size, p.opening = r.choice((("small", 30), ("small", 31), ("micro", 4), ("micro", 2)))
    p.closing = p.opening - {30: 7, 31: 2, 4: 1, 2: 1}[p.opening]


def layoffs(p: Plan, r: Random) -> None:
    p.size, p.opening = "medium", r.randint(60, 300)
    p.closing = int(p.opening * r.uniform(0.4, 0.9))


def natural_leavers(p: Plan, r: Random) -> None:
    p.size, p.opening = "small", r.randint(40, 90)
    p.deaths, p.retirements, p.resignations = r.randint(0, 2), r.randint(3, 7), r.randint(0, 2)
    p.closing = p.opening - p.deaths - p.retirements


def reference_type(p: Plan, r: Random) -> None:
    p.unit_type, p.prefix, p.suffix = r.choice(
        (
            ("social_organization", "51", "协会"),
            ("foundation", "53", "基金会"),
            ("social_service", "52", "服务中心"),
            ("law_firm", "31", "律师事务所"),
            ("accounting_firm", "91", "会计师事务所"),
            ("individual_business", "92", "商行"),
        )
    )
    p.size = r.choice(("", "micro", "small"))
    p.opening = p.closing = r.randint(1, 25)
    if p.unit_type == "individual_business":
        p.accounts = r.choice(("corporate", "tax"))


def government(p: Plan, r: Random) -> None:
    p.unit_type, p.prefix, p.suffix, p.size = "government", "11", "管理局", ""
    p.opening = p.closing = r.randint(8, 80)


def public_institution(p: Plan, r: Random) -> None:
    p.unit_type, p.prefix, p.suffix, p.size = "public_institution", "12", "事务中心", r.choice(("", "small"))
    p.opening = p.closing = r.randint(5, 120)


def code_11_or_12(p: Plan, r: Random) -> None:
    p.prefix = r.choice(("11", "12"))


def institution_with_91(p: Plan, r: Random) -> None:
    public_institution(p, r)
    p.prefix = "91"


def deregistered(p: Plan, r: Random) -> None:
    p.status, p.silent = "deregistered", (9, 10, 11, 12)


def revoked(p: Plan, r: Random) -> None:
    p.status = "revoked"


def suspended(p: Plan, r: Random) -> None:
    p.status, p.silent = "suspended", (10, 11, 12)


def listed(p: Plan, r: Random) -> None:
    p.listing = (r.choice(("dishonest", "zombie")), -r.randint(5, 900), 0)


def delisted(p: Plan, r: Random) -> None:
    p.listing = ("dishonest", -r.randint(400, 900), -r.randint(5, 300))


def warned(p: Plan, r: Random) -> None:
    p.listing = (r.choice(("abnormal", "environmental")), -r.randint(5, 500), 0)


def new_unit(p: Plan, r: Random) -> None:
    p.earlier, p.silent = False, tuple(range(1, r.randint(3, 9)))


def in_arrears(p: Plan, r: Random) -> None:
    p.short = {month: r.choice((0.0, 0.0, 0.5)) for month in r.sample(range(2, 13), r.randint(1, 4))}
    p.late_fee = r.random() < 0.3


def arrears_made_up(p: Plan, r: Random) -> None:
    p.short, p.made_up, p.late_fee = {r.randint(3, 8): 0.0}, True, r.random() < 0.7


def money_given_back(p: Plan, r: Random) -> None:
    p.all_refunded = True


def part_given_back(p: Plan, r: Random) -> None:
    p.refund = r.choice((0.1, 0.3, 1.0))


def supplemented(p: Plan, r: Random) -> None:
    p.supplement = True


def opening_zero(p: Plan, r: Random) -> None:
    p.supplement_only = (1,)


def closing_missing(p: Plan, r: Random) -> None:
    p.supplement_only = (12,)


def size_unknown(p: Plan, r: Random) -> None:
    p.size = ""


def type_unclear(p: Plan, r: Random) -> None:
    p.unit_type, p.prefix, p.suffix = "other", "93", "专业合作社"


def agency_like_name(p: Plan, r: Random) -> None:
    p.industry = r.choice(("劳务", "人力资源", "服务外包"))


def agency(p: Plan, r: Random) -> None:
    p.size, p.opening = r.choice((("small", r.randint(30, 90)), ("medium", r.randint(100, 400))))
    p.closing, p.industry, p.licence = p.opening + r.randint(0, 9), "劳务派遣", "live"


def agency_expired(p: Plan, r: Random) -> None:
    agency(p, r)
    p.licence = "expired"


def agency_with_layoffs(p: Plan, r: Random) -> None:
    agency(p, r)
    p.closing = p.opening // 2


def paid_late(p: Plan, r: Random) -> None:
    p.late = True


def no_account(p: Plan, r: Random) -> None:
    p.accounts = "none"


def tax_account_only(p: Plan, r: Random) -> None:
    p.accounts = "tax"


def account_name_differs(p: Plan, r: Random) -> None:
    p.foreign_account_name = True


def account_changes(p: Plan, r: Random) -> None:
    p.account_changes = True


def rejected_row(p: Plan, r: Random) -> None:
    p.rejected_row = True


Situation = Callable[[Plan, Random], None]

SITUATIONS: dict[Situation, float] = {
    steady: 34,
    growth: 24,
    natural_leavers: 2,
    at_ceiling: 0.4,
    small_at_ceiling: 0.8,
    reference_type: 6,
    tax_account_only: 2,
    no_account: 1.6,
    account_name_differs: 0.6,
    account_changes: 0.4,
    supplemented: 1.2,
    part_given_back: 0.9,
    arrears_made_up: 1.2,
    paid_late: 1.2,
    warned: 1,
    delisted: 0.5,
    agency_like_name: 0.7,
    code_11_or_12: 0.2,
    over_ceiling: 0.4,
    small_over_ceiling: 3,
    layoffs: 2.2,
    government: 1,
    public_institution: 2,
    institution_with_91: 0.2,
    deregistered: 1.3,
    revoked: 0.4,
    suspended: 0.9,
    listed: 0.8,
    new_unit: 2.6,
    in_arrears: 2.6,
    money_given_back: 0.2,
    opening_zero: 0.9,
    closing_missing: 0.7,
    size_unknown: 1.1,
    type_unclear: 0.6,
}
AGENCIES: tuple[Situation, ...] = (agency, agency, agency, agency_expired, agency, agency_with_layoffs, agency, agency)
