"""The demonstration's dispatch agencies in every state, and its skill claims, by the commands and operations of people."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import demo_receipt
from django.core.management import call_command
from django.utils import timezone

PAID_ON = dt.date(2024, 7, 10)
FORWARDED_ON = dt.date(2024, 7, 24)
WORKERS = 12
ROSTER = ("id_no", "name", "employment_form", "host_uscc", "host_name", "host_type", "period_from", "period_to",
          "premium_paid")  # fmt: skip
# What becomes of an agency, in turn.
FATES = ("settled", "partly", "nothing", "given back", "running", "waiting", "on its way")


def run(year: int, folder: Path) -> None:
    """Agencies apply, are paid and forward or not; workers claim for their certificates."""
    from dispatch.tasks import issue_letters

    folder.mkdir(exist_ok=True)
    print("Dispatch agencies apply with their rosters", flush=True)
    agencies = _apply(year, folder)
    call_command("rehearse", str(year), "--scheme", "dispatch")
    _pay(year, folder, agencies)
    _forward(year, folder, agencies)
    call_command("enforce_deadlines", "--as-of", str(timezone.localdate()))
    print(f"letters to agencies: {issue_letters()}", flush=True)
    _decide()
    print("Workers claim for their certificates", flush=True)
    _claim(year, folder)


# -- dispatch


def _apply(year: int, folder: Path) -> list[str]:
    from caseworks.registry.models import Unit
    from refunds.models import Assessment

    rows = Assessment.objects.filter(year=year, outcome="apply", premium__gt=0, ratio__isnull=False).order_by("uscc")
    hosts = list(
        Assessment.objects.filter(year=year, outcome="eligible", unit_type="enterprise")
        .order_by("uscc")
        .values_list("uscc", "name", "unit_type")[: 3 * len(rows)]
    )
    organ = (
        Assessment.objects.filter(year=year, unit_type="government").values_list("uscc", "name", "unit_type").first()
    )
    ends = dict(Unit.objects.filter(uscc__in=[row.uscc for row in rows]).values_list("uscc", "dispatch_licence_until"))
    applied = []
    for number, row in enumerate(rows):
        if (end := ends[row.uscc]) is not None and end < dt.date(year - 1, 12, 1):
            continue  # nobody may be dispatched in all of the premium year: this agency has not applied
        own = hosts[3 * number : 3 * number + 3]
        path = folder / f"roster_{row.uscc}.csv"
        _write(path, ROSTER, _roster(number, row.premium, year - 1, own, organ))
        call_command("submit_dispatch", row.uscc, str(year), "--roster", str(path), "--on", "2024-07-01")
        applied.append(row.uscc)
    return applied


def _roster(
    number: int, premium: Decimal, premium_year: int, hosts: list[tuple[str, str, str]], organ: tuple[str, str, str] | None
) -> Iterable[tuple[object, ...]]:  # fmt: skip
    """Two own workers, one with a client, the rest sent to hosts, the last to an organ where there is one."""
    each = (premium / WORKERS).quantize(Decimal("0.01"))
    for place in range(WORKERS):
        paid = premium - each * (WORKERS - 1) if place == WORKERS - 1 else each
        form, host = "own", ("", "", "")
        if place == 2:
            form = "outsourced"
        elif place == WORKERS - 1 and organ is not None:
            form, host = "dispatched", organ
        elif place > 2:
            form, host = "dispatched", hosts[place % len(hosts)]
        months = (f"{premium_year}-01", f"{premium_year}-12")
        yield (_id_no(number * WORKERS + place), f"示例{place + 1}", form, *host, *months, paid)


def _id_no(number: int) -> str:
    """A number that holds (GB 11643) of nobody: the area code 229900 is not given out."""
    from stdnum.iso7064 import mod_11_2

    begun = f"2299001990{1 + number // 10000 % 12:02d}01{number % 1000:03d}"
    return begun + str(mod_11_2.calc_check_digit(begun))


def _pay(year: int, folder: Path, agencies: list[str]) -> None:
    numbers = _sent("dispatch", year, folder)
    lines = []
    for place, uscc in enumerate(agencies):
        fate = FATES[place % len(FATES)]
        if uscc in numbers and fate != "on its way":
            lines.append((numbers[uscc], "paid", _credited(fate), ""))
    _write(folder / "bank_results.csv", ("payment_no", "result", "on", "reason"), lines)
    call_command("import_bank_results", str(folder / "bank_results.csv"))


def _credited(fate: str) -> dt.date:
    """The running ones were credited some days ago, so that their days are still being counted."""
    return timezone.localdate() - dt.timedelta(days=12) if fate in ("running", "waiting") else PAID_ON


def _forward(year: int, folder: Path, agencies: list[str]) -> None:
    from caseworks.registry.models import Unit
    from dispatch.models import Obligation

    call_command("enforce_deadlines", "--as-of", str(PAID_ON))  # opens what the credited payments owe
    fate_of = {uscc: FATES[place % len(FATES)] for place, uscc in enumerate(agencies)}
    vouchers, decisions, returns = [], [], []
    for row in Obligation.objects.filter(year=year).order_by("pk"):
        fate, receipt = fate_of[row.uscc], f"DEMO{row.pk:08d}"
        paid_on = row.credited_on + dt.timedelta(days=5)
        if fate == "given back":
            returns.append((row.uscc, year, row.host_uscc, row.amount, FORWARDED_ON, f"TH{row.pk:08d}", FORWARDED_ON))
        elif fate in ("settled", "partly", "waiting"):
            amount = (row.amount / 2).quantize(Decimal("0.01")) if fate == "partly" else row.amount
            scan = ""
            if fate == "waiting":
                scan = f"{receipt}.png"
                names = dict(Unit.objects.filter(uscc__in=[row.uscc, row.host_uscc]).values_list("uscc", "name"))
                payer, payee = names.get(row.uscc, row.uscc), names.get(row.host_uscc, row.host_uscc)
                demo_receipt.draw(
                    folder / scan, receipt=receipt, paid_on=paid_on, payer=payer, payee=payee, amount=amount
                )
            vouchers.append((row.uscc, year, row.host_uscc, amount, paid_on, receipt, scan))
            if fate != "waiting":
                decisions.append((receipt, row.uscc, "verified", paid_on, ""))
    _write(
        folder / "vouchers.csv",
        ("agency_uscc", "year", "host_uscc", "amount", "paid_on", "receipt_no", "file"),
        vouchers,
    )
    _write(folder / "decisions.csv", ("receipt_no", "agency_uscc", "decision", "decided_on", "reason"), decisions)
    _write(
        folder / "returns.csv",
        ("agency_uscc", "year", "host_uscc", "amount", "returned_on", "bank_ref", "confirmed_on"),
        returns,
    )
    call_command("import_vouchers", str(folder / "vouchers.csv"))
    call_command("decide_vouchers", str(folder / "decisions.csv"), "--by", "training-clerk")
    call_command("import_returns", str(folder / "returns.csv"), "--by", "training-clerk")


def _decide() -> None:
    """A supervisor confirms one bar and revokes another; the others wait."""
    from caseworks.cases.models import Bar
    from caseworks.people.actors import Actor
    from caseworks.people.models import Person
    from dispatch import barring
    from dispatch.enums import RevokeReason

    by, at = Actor.of_person(Person.objects.get(username="training-supervisor")), timezone.now()
    bars = list(Bar.objects.filter(status="proposed", findings__isnull=False).distinct().order_by("pk"))
    if len(bars) > 2:
        barring.confirm(bars[0], decision_no="示例人社决〔2024〕1号", delivered_on=timezone.localdate(at), by=by, at=at)
        barring.revoke(
            bars[1], code=RevokeReason.BANK_ERROR, words="银行差错，款项未实际到账（演示）", strike_off=True, by=by, at=at,
            on=timezone.localdate(at),
        )  # fmt: skip


# -- skill subsidies


def _claim(year: int, folder: Path) -> None:
    with (folder.parent / "certificates.csv").open(encoding="utf-8-sig", newline="") as stream:
        certificates = list(csv.DictReader(stream))
    claims = []
    for row in certificates:
        issued = dt.date.fromisoformat(row["issued_on"])
        applied = max(issued + dt.timedelta(days=45), dt.date(year, 2, 1))
        if applied.year == year:
            claims.append((row["id_no"], row["cert_no"], applied))
    _write(folder / "claims.csv", ("id_no", "cert_no", "applied_on"), claims)
    call_command("submit_claims", str(folder / "claims.csv"), "--year", str(year))
    call_command("rehearse", str(year), "--scheme", "subsidies")
    lines = [(number, "paid", dt.date(year + 1, 1, 20), "") for number in _sent("subsidies", year, folder).values()]
    if lines:
        _write(folder / "claims_paid.csv", ("payment_no", "result", "on", "reason"), lines)
        call_command("import_bank_results", str(folder / "claims_paid.csv"))


# -- files


def _sent(scheme: str, year: int, folder: Path) -> dict[str, str]:
    """Payments that went to the bank and have no answer yet: subject (and number) → payment number."""
    path = folder / "payments.csv"
    call_command("export_results", "payments", str(year), str(path))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["scheme"] == scheme and row["status"] == "sent"]
    single = scheme == "dispatch"
    return {row["subject"] if single else row["payment_no"]: row["payment_no"] for row in rows}


def _write(path: Path, header: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([tuple(header), *rows])
