#!/usr/bin/env python
"""Write a synthetic province in the files of the data contract (section 1): units, money, people, fund.

    python script/demo_province.py OUT_DIR --units 3000 --seed 2024

Everything in it is invented and says so: names carry 示例 or a like word, phones begin with 199000, banks do not exist,
identifiers are well formed but were never issued. The same arguments give the same bytes. Rows are written as they are
made, in unit order, so memory does not grow with the province.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import TextIO

from demo_province_plans import AGENCIES, SITUATIONS, Plan, plain, rejected_row
from demo_province_words import (
    BANKS,
    CITIES,
    HEADERS,
    INDUSTRIES,
    MARKS,
    NAMES,
    REGIONS,
    TRADES,
    WEIGHTS,
    id_of,
    person_name,
    uscc_of,
)

MOST_UNITS = 1_000_000  # what six digits of an organisation code can tell apart


def identities(first: dt.date) -> Iterator[str]:
    """Distinct citizen numbers: every region on one birthday, then on the next."""
    number = 0
    while True:
        born = first + dt.timedelta(days=number // len(REGIONS) % 4000)
        yield id_of(REGIONS[number % len(REGIONS)], f"{born:%Y%m%d}")
        number += 1


def yuan(fen: int) -> str:
    """An amount as the files carry it."""
    return f"{fen // 100}.{fen % 100:02d}"


class Province:
    """Writes one province; every file is open once and grows row by row."""

    def __init__(
        self, files: dict[str, TextIO], *, units: int, agencies: int, seed: int, years: list[int], clean: bool
    ) -> None:
        self.files = files
        self.units, self.agencies, self.years, self.clean = units, agencies, years, clean
        self.random = Random(seed)  # noqa: S311 - repeatable on purpose
        self.counts: Counter[str] = Counter()
        self.named: Counter[str] = Counter()
        self.leavers = identities(dt.date(1956, 1, 1))

    def put(self, name: str, *rows: str) -> None:
        """Append finished rows to one file."""
        self.files[name].write("\n".join(rows) + "\n")
        self.counts[name] += len(rows)

    def plans(self) -> Iterator[Plan]:
        """One plan a unit: each situation once, then by weight; agencies spread over the province."""
        situations, weights = list(SITUATIONS), list(SITUATIONS.values())
        waiting = list(SITUATIONS)
        self.random.shuffle(waiting)
        every = max(1, self.units // self.agencies) if self.agencies else self.units + 1
        spoiled = set() if self.clean else {self.units // 3, self.units // 2}
        agencies = 0
        for number in range(self.units):
            plan = plain(self.random)
            if number % every == every // 2 and agencies < self.agencies:
                situation = AGENCIES[agencies % len(AGENCIES)]
                agencies += 1
            elif waiting:
                situation = waiting.pop()
            else:
                situation = self.random.choices(situations, weights)[0]
            if not (self.clean and situation is rejected_row):
                situation(plan, self.random)
            if number in spoiled:
                rejected_row(plan, self.random)
            yield plan

    def name_of(self, plan: Plan, region: str) -> str:
        """A name that nobody bears, and no other unit of its city."""
        city = CITIES.get(region) or CITIES[region[:4]]
        number = self.named[city] * 100_003 % (len(MARKS) * len(NAMES) * (len(NAMES) - 1) * len(INDUSTRIES))
        self.named[city] += 1
        number, mark = divmod(number, len(MARKS))
        number, first = divmod(number, len(NAMES))
        number, second = divmod(number, len(NAMES) - 1)
        second += second >= first
        trade = plan.industry or INDUSTRIES[number % len(INDUSTRIES)]
        return f"{city}{MARKS[mark]}{NAMES[first]}{NAMES[second]}{trade}{plan.suffix or '有限公司'}"

    def write_unit(self, number: int, plan: Plan) -> str:
        """The unit with all that hangs on it; returns its code."""
        region = self.random.choices(REGIONS, WEIGHTS)[0]
        uscc = uscc_of(plan.prefix, region, number)
        name = self.name_of(plan, region)
        insured = dt.date(self.years[0] - self.random.randint(1, 15), 1, 1)
        if not plan.earlier:
            insured = dt.date(self.years[-1], plan.silent[-1] + 1, 1)
        licence = f"示例{region}{number:07d}" if plan.licence else ""
        until = {"": "", "live": f"{self.years[-1] + 4}-12-31", "expired": f"{self.years[-1]}-09-30"}[plan.licence]
        person = person_name(number)
        former = name.replace("有限公司", "商店") if number % 97 == 0 else ""
        self.put(
            "units",
            f"{uscc},{name},{plan.unit_type},{plan.size},{region},{plan.status},{insured},{licence},{until},"
            f"199000{number % 100000:05d},示例路{number % 999 + 1}号,{person},{person},{former}",
        )
        self.write_accounts(number, uscc, name, plan)
        self.write_contributions(uscc, plan)
        self.write_events(uscc, plan)
        return uscc

    def write_accounts(self, number: int, uscc: str, name: str, plan: Plan) -> None:
        """The account of the unit, that of its tax payments, or none; some change later."""
        place = f"{BANKS[number % len(BANKS)]},99900000000{number % len(BANKS)}"
        holder = "示例投资管理中心" if plan.foreign_account_name else name
        if plan.accounts in ("corporate", "both"):
            self.put("accounts", f"{uscc},corporate,{place},9999{number:015d},{holder}")
        if plan.accounts in ("tax", "both"):
            self.put("accounts", f"{uscc},tax,{place},9998{number:015d},{holder}")
        if plan.account_changes:
            self.put("later/accounts", f"{uscc},corporate,{place},9997{number:015d},{holder}")

    def write_contributions(self, uscc: str, plan: Plan) -> None:
        """The years before are calm; the premium year follows the plan."""
        last, day = self.years[-1], self.random.randint(5, 25)
        for year in self.years[:-1] if plan.earlier else ():
            premium = yuan(plan.opening * int(plan.base * (1 - 0.04 * (last - year))))
            head, tail = f"{uscc},{year}-", f",normal,1,{plan.opening},{premium},{premium},{year}-"
            self.put("contributions", *[f"{head}{m:02d}{tail}{m:02d}-{day:02d}" for m in range(1, 13)])
        rows = [row for month in range(1, 13) if month not in plan.silent for row in self.month(uscc, plan, month, day)]
        self.put("contributions", *rows)

    def month(self, uscc: str, plan: Plan, month: int, day: int) -> Iterator[str]:
        """The rows of one month of the premium year."""
        last = self.years[-1]
        heads = plan.opening + (plan.closing - plan.opening) * (month - 1) // 11
        key, due = f"{uscc},{last}-{month:02d}", heads * plan.base
        kind, counted = ("supplement", 0) if month in plan.supplement_only else ("normal", heads)
        paid = int(due * plan.short[month]) if month in plan.short else due
        paid_on = f"{last + 1}-02-26" if plan.late and month == 12 else f"{last}-{month:02d}-{day:02d}" if paid else ""
        yield f"{key},{kind},1,{counted},{yuan(due)},{yuan(paid)},{paid_on}"
        if plan.made_up and paid < due:
            yield f"{key},arrears,2,0,0.00,{yuan(due - paid)},{last}-{month + 3:02d}-18"
        if plan.late_fee and month in plan.short:
            yield f"{key},late_fee,3,0,0.00,{yuan(max(1, due // 200))},{last}-12-20"
        if plan.supplement and month == 6:
            yield f"{key},supplement,2,0,{yuan(due // 10)},{yuan(due // 10)},{last}-09-12"
        if plan.all_refunded or (plan.refund and month == 5):
            yield f"{key},refund,4,0,0.00,{yuan(due if plan.all_refunded else int(due * plan.refund))},{last}-12-28"
        if plan.rejected_row and month == 7:
            yield f"{key},arrears,9,0,0.00,{yuan(due)}5,{last}-11-30"  # three decimals

    def write_events(self, uscc: str, plan: Plan) -> None:
        """Who left, and the lists that the unit stands on."""
        last = self.years[-1]
        leavers = {"death": plan.deaths, "retirement": plan.retirements, "resignation": plan.resignations}
        for reason, many in leavers.items():
            for _ in range(many):
                left_on = dt.date(last, 1, 1) + dt.timedelta(days=self.random.randrange(364))
                self.put("separations", f"{uscc},{next(self.leavers)},{left_on},{reason}")
        if plan.listing:
            name, listed, removed = plan.listing
            new_year = dt.date(last + 1, 1, 1)
            until = new_year + dt.timedelta(days=removed) if removed else ""
            self.put("listings", f"{uscc},{name},{new_year + dt.timedelta(days=listed)},{until},示例来源")

    def write_fund(self) -> None:
        """Reserves of 14 to 30 months for the province and each city, so that the gate of N2.6 is open."""
        for region in ("220000", *(f"{city}00" for city in CITIES if len(city) == 4)):
            for year in range(self.years[0] - 1, self.years[-1] + 1):
                spent = (80_000_000 if region == "220000" else 6_000_000) + self.random.randrange(1_000_000)
                balance = spent * self.random.randint(14, 30) // 12
                self.put("fund", f"{region},{year},{balance}.{self.random.randrange(100):02d},{spent}.00")

    def write_workers(self, count: int, employers: list[str]) -> None:
        """People for the skill subsidies: insured, some certified, some on benefit, some subsidised before."""
        r, last = self.random, self.years[-1]
        for number, id_no in zip(range(count), identities(dt.date(1976, 1, 1)), strict=False):
            card = f"{BANKS[number % 3]},6299{number:015d},{'no' if number % 40 == 7 else 'yes'}"
            self.put("workers", f"{id_no},{person_name(number)},199000{number % 100000:05d},{id_no[:6]},{card}")
            since = f"{last - r.randint(0, 2)}-{r.randint(1, 12):02d}"
            self.put("worker_insurance", f"{id_no},{employers[number % len(employers)]},{since},{last + 1}-12")
            if number % 25 == 3:
                self.put("benefit_spells", f"{id_no},{last + 1}-03,{last + 1}-05")
            if number % 2 == 0:
                code, trade = TRADES[number // 2 % len(TRADES)]
                level, issued = r.choice((5, 4, 3, 3, 2)), dt.date(last, 6, 1) + dt.timedelta(days=r.randrange(400))
                kind = "skill_level" if number % 6 else "vocational_qualification"
                self.put(
                    "certificates", f"{id_no},DEMO{number:010d},{kind},{code},{trade},{level},{issued},示例评价机构"
                )
                if number % 14 == 0:
                    self.put("training_subsidies", f"{id_no},{code},{level},{last + 1}-02-01,800.00")

    def write_rejects(self, uscc: str) -> None:
        """A handful of rows that an import must refuse, so that its errors file has something to show."""
        wrong = uscc[:-1] + ("0" if uscc[-1] != "0" else "1")
        self.put("units", f"{wrong},长春示例校验位错误商店,enterprise,micro,220102,active,2020-01-01,,,,,,,")
        self.put("separations", f"{uscc},220102198001010000,{self.years[-1]}-05-05,retirement")
        self.put("listings", f"{uscc},dishonest,{self.years[-1]}-13-01,,示例来源")

    def write(self) -> None:
        """The whole province."""
        employers: list[str] = []
        for number, plan in enumerate(self.plans()):
            uscc = self.write_unit(number, plan)
            if plan.unit_type == "enterprise" and plan.status == "active" and len(employers) < 500:
                employers.append(uscc)
        self.write_fund()
        self.write_workers(max(20, min(20_000, self.units // 5)), employers)
        if not self.clean:
            self.write_rejects(employers[0])


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(description="Write a synthetic province in the files of the data contract.")
    made.add_argument("folder", type=Path)
    made.add_argument("--units", type=int, default=3000)
    made.add_argument("--agencies", type=int, default=25)
    made.add_argument("--seed", type=int, default=2024)
    made.add_argument("--years", type=int, nargs="+", default=[2022, 2023], help="the last one is the premium year")
    made.add_argument("--premium-only-contributions", action="store_true", help="no contributions of earlier years")
    made.add_argument("--clean", action="store_true", help="no rows that an import must refuse")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Write the files and say how many rows each has."""
    given = parser().parse_args(arguments)
    if not 100 <= given.units <= MOST_UNITS:
        parser().error(f"--units: from 100 (each situation needs room) to {MOST_UNITS}")
    years = sorted(given.years)[-1:] if given.premium_only_contributions else sorted(given.years)
    (given.folder / "later").mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        files: dict[str, TextIO] = {}
        for name, columns in HEADERS.items():
            files[name] = stack.enter_context((given.folder / f"{name}.csv").open("w", encoding="utf-8", newline="\n"))
            files[name].write(columns.replace(" ", ",") + "\n")
        province = Province(
            files, units=given.units, agencies=given.agencies, seed=given.seed, years=years, clean=given.clean
        )
        province.write()
    for name in HEADERS:
        print(f"{name}.csv: {province.counts[name]} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
