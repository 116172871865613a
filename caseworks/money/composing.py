"""What goes into which batch: lines by office, policy row, bank and highest number, and the gate each stands on (N2.6)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from caseworks.law.models import Policy
from caseworks.money import facts, gate
from caseworks.money.enums import BatchStatus
from caseworks.money.facts import Figures, Payee
from caseworks.money.models import Batch
from caseworks.money.second_check import Checked
from caseworks.people.models import Person

BANK = "bank"  # of a policy row's `batch_split`
# 中国工商银行长春南湖支行 → 中国工商银行; 前郭县农村信用合作联社城区分社 → 前郭县农村信用合作联社
_BANK = re.compile(r".+?(?:银行|信用合作联社|信用社|农信社)")


def bank_of(name: str, code: str) -> str:
    """The bank itself of a branch's name; by the first three digits of its code where the name tells nothing."""
    found = _BANK.match(name)
    return found.group() if found else name or (f"联行号 {code[:3]}" if code else "")


def _bank(payee: Payee, figures: Figures) -> str:
    split = BANK in facts.asked(figures, "batch_split")
    return bank_of(payee.bank_name, payee.bank_code)[:100] if split else ""


def gates_of(checked: Checked, year: int) -> dict[str, gate.Gate]:
    """The gates of all regions that the cases belong to, each with what of them would be paid."""
    required: dict[str, int] = {}
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for payee in checked.payees:
        if payee.policy is not None:
            region, months = _gate_of(payee, checked.rows[payee.policy][1])
            required[region] = max(months, required.get(region, months))
            if payee.case not in checked.problems:
                taken[region] += payee.amount
    found = gate.look(year, required.items())
    return {region: replace(each, taken=taken[region]) for region, each in found.items()}


def _gate_of(payee: Payee, figures: Figures) -> tuple[str, int]:
    return gate.fund_region(payee.region, figures.reserve_scope), figures.reserve_months


def groups_of(payable: list[Payee], rows: Mapping[int, tuple[Policy, Figures]]) -> list[list[Payee]]:
    """The lines of each batch: of one office, one policy row, one bank where the row asks for it, and not too many."""
    grouped: dict[tuple[int, int, str], list[Payee]] = defaultdict(list)
    for payee in payable:
        assert payee.policy is not None
        grouped[payee.office, payee.policy, _bank(payee, rows[payee.policy][1])].append(payee)
    found = []
    for (_, policy, _), group in sorted(grouped.items()):
        most = rows[policy][1].batch_lines
        found += [group[start : start + most] for start in range(0, len(group), most)]
    return found


def create(
    groups: list[list[Payee]],
    checked: Checked,
    gates: Mapping[str, gate.Gate],
    *,
    scheme: str,
    year: int,
    person: Person,
    at: datetime,
    on: date,
) -> list[Batch]:
    """A batch for each group, with the gate as it stood when the ones before had been taken off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('money_batch', 'id')) FROM generate_series(1, %s)", [len(groups)]
        )
        numbers = [number for (number,) in cursor.fetchall()]
    batches = []
    for number, group in zip(numbers, groups, strict=True):
        first = group[0]
        assert first.policy is not None
        region, _ = _gate_of(first, checked.rows[first.policy][1])
        amount = sum((payee.amount for payee in group), Decimal(0))
        stands = replace(gates[region], taken=amount)
        gates = {**gates, region: replace(stands, committed=stands.committed + amount)}  # the next batch comes after it
        batches.append(
            Batch(
                pk=number,
                batch_no=f"PC{year}{number:06d}",
                scheme=scheme,
                year=year,
                office_id=first.office,
                city_office_id=first.city_office,
                policy_id=first.policy,
                bank=_bank(first, checked.rows[first.policy][1]),
                fiscal_steps=";".join(facts.asked(checked.rows[first.policy][1], "fiscal_steps")),
                status=BatchStatus.DRAWN,
                lines=len(group),
                amount=amount,
                gate=stands.as_json(),
                drawn_by=person,
                drawn_at=at,
                drawn_on=on,
            )
        )
    return Batch.objects.bulk_create(batches)
