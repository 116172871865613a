"""A year of dispatch agencies by command, line by line of the sample: applied, paid, forwarded or not, swept, barred."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from caseworks.books import checking
from caseworks.cases import verification
from caseworks.cases.models import Bar
from caseworks.money.models import Payment, Recovery
from dispatch.models import Finding, FundReturn, Voucher
from tests.journeys.conftest import SAMPLE, paid_by, rows
from tests.refunds.conftest import KINDS, load
from tests.tampering import not_named

FOLDER = SAMPLE / "dispatch"
_FIRST = "UPDATE dispatch_obligation SET {0} WHERE id = (SELECT min(id) FROM dispatch_obligation WHERE {1})"
# What a tamperer with the database's own powers does to the year that was played.
TAMPERING = {
    "dispatch_parts_sum_up": "UPDATE dispatch_share SET premium = premium + 1",
    "dispatch_part_is_premium_by_ratio": "UPDATE dispatch_share SET ratio = 0.01 WHERE amount > 1",
    "dispatch_case_is_its_application": "UPDATE dispatch_application SET amount = amount + 1",
    "dispatch_obligation_counts_what_counts": _FIRST.format("verified = verified + 0.01", "status <> 'closed'"),
    "dispatch_no_more_than_the_part": _FIRST.format("returned = amount + 1", "status <> 'closed'"),
    "dispatch_obligation_stands_where_it_should": _FIRST.format("status = 'settled'", "status = 'claimed'"),
    "dispatch_host_part_owed_once": """
        UPDATE dispatch_obligation o SET host_uscc = f.host_uscc FROM dispatch_obligation f
        WHERE f.payment_id = o.payment_id AND f.id < o.id""",
    "dispatch_receipt_used_once": """
        UPDATE dispatch_voucher SET receipt_no = (SELECT receipt_no FROM dispatch_voucher ORDER BY id LIMIT 1)""",
    "dispatch_return_is_in_the_movements": "UPDATE dispatch_fundreturn SET amount = amount + 1, repaid = repaid + 1",
    "dispatch_finding_has_its_recovery": "UPDATE dispatch_finding SET recovery_id = NULL",
    "dispatch_one_bar_a_year": """
        UPDATE dispatch_obligation SET uscc = (SELECT min(uscc) FROM dispatch_obligation)""",
    "dispatch_bar_is_of_its_agency": "UPDATE cases_bar SET year = year + 1",
    "dispatch_obligation_is_of_a_paid_part": _FIRST.format("credited_on = credited_on - 1", "true"),
}


@pytest.fixture
def screened(transactional_db: None, settings: object) -> Iterator[Path]:
    """A training bureau with the sample province, imported and screened, and a folder with the sample's files."""
    settings.TRAINING = True  # type: ignore[attr-defined]
    call_command("setup")
    load(SAMPLE, *KINDS)
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    yield SAMPLE
    assert checking.offences() == []
    assert verification.findings() == []


def exported(kind: str, year: str, folder: Path) -> list[dict[str, str]]:
    out = folder / f"{kind}.csv"
    call_command("export_results", kind, year, str(out))
    return rows(out)


def parts(year: str, folder: Path) -> list[dict[str, str]]:
    """The parts of a year without their status."""
    found = exported("dispatch", year, folder)
    return [{name: value for name, value in row.items() if name != "status"} for row in found]


def refused(command: str, *arguments: str) -> str:
    """What a command says that refuses (exit 1)."""
    with pytest.raises(CommandError) as found:
        call_command(command, *arguments)
    assert found.value.returncode == 1
    return str(found.value)


def apply_all(folder: Path) -> None:
    for row in rows(folder / "applications.csv"):
        call_command(
            "submit_dispatch", row["agency_uscc"], row["year"], "--roster", str(folder / row["roster"]),
            "--on", row["on"],
        )  # fmt: skip


class Player:
    """Plays the steps of the sample, comparing after each what must be there."""

    def __init__(self, folder: Path, out: Path) -> None:
        self.folder, self.out = folder, out
        self.rejected: list[tuple[str, int]] = []
        self.vouchers: list[str] = []

    def play(self, action: str, as_of: str, file: str) -> None:
        getattr(self, action)(as_of, str(self.folder / file) if file else "")

    def rehearse(self, as_of: str, file: str) -> None:
        call_command("rehearse", "2024", "--scheme", "dispatch", *(("--on", as_of) if as_of else ()))

    def bank(self, as_of: str, file: str) -> None:
        call_command("import_bank_results", file)
        self.unchanged("import_bank_results", file)

    def bank_refused(self, as_of: str, file: str) -> None:
        before = parts("2024", self.out)
        assert "NO-SUCH-NUMBER-1" in refused("import_bank_results", file)
        assert parts("2024", self.out) == before

    def load(self, as_of: str, file: str) -> None:
        call_command("import_data", file)

    def vouchers_of(self, as_of: str, file: str) -> None:
        self.vouchers.append(file)
        call_command("import_vouchers", file)
        self.rejected += [(Path(file).name, line) for line in errors(file)]

    def decisions(self, as_of: str, file: str) -> None:
        call_command("decide_vouchers", file, "--by", "training-clerk")
        assert errors(file) == []
        self.unchanged("decide_vouchers", file, "--by", "training-clerk")

    def returns(self, as_of: str, file: str) -> None:
        call_command("import_returns", file, "--by", "training-clerk")
        assert errors(file) == []
        self.unchanged("import_returns", file, "--by", "training-clerk")

    def returns_refused(self, as_of: str, file: str) -> None:
        before = parts("2024", self.out)
        call_command("import_returns", file, "--by", "training-clerk")
        assert errors(file) == [2]
        assert parts("2024", self.out) == before

    def sweep(self, as_of: str, file: str) -> None:
        call_command("enforce_deadlines", "--as-of", as_of)
        expected = rows(SAMPLE / f"expected_dispatch_{as_of}.csv")
        assert parts("2024", self.out) == expected
        self.unchanged("enforce_deadlines", "--as-of", as_of)

    def unchanged(self, command: str, *arguments: str) -> None:
        """The same again changes nothing."""
        before = state()
        call_command(command, *arguments)
        assert state() == before


ACTIONS = {"import": "load", "vouchers": "vouchers_of"}


def errors(file: str) -> list[int]:
    """The lines that the command has put beside the file."""
    path = Path(f"{file}.errors.csv")
    return [int(row["line"]) for row in rows(path)] if path.exists() else []


def state() -> dict[str, list[tuple[object, ...]]]:
    """What must not change where the same is done twice."""
    tables = {
        "payments": Payment.objects.values_list("pk", "status", "paid_on", "returned_on"),
        "vouchers": Voucher.objects.values_list("pk", "status", "decided_on", "reason"),
        "returns": FundReturn.objects.values_list("pk", "amount", "reduced", "repaid"),
        "findings": Finding.objects.values_list("pk", "amount", "reduced", "bar"),
        "recoveries": Recovery.objects.values_list("key", "amount", "reduced", "repaid", "status"),
        "bars": Bar.objects.values_list("pk", "uscc", "year", "status"),
    }
    return {name: sorted(found) for name, found in tables.items()}


def test_the_sample_played_line_by_line(screened: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dispatch"
    shutil.copytree(FOLDER, folder)
    apply_all(folder)
    assert parts("2024", tmp_path) == rows(SAMPLE / "expected_dispatch_start.csv")
    player = Player(folder, tmp_path)
    for row in rows(folder / "steps.csv"):
        player.play(ACTIONS.get(row["action"], row["action"]), row["as_of"], row["file"])
    expected = rows(SAMPLE / "expected_voucher_refusals.csv")
    assert player.rejected == [(row["file"], int(row["line"])) for row in expected]
    assert parts("2024", tmp_path) == rows(SAMPLE / "expected_dispatch.csv")
    for file in player.vouchers:
        player.unchanged("import_vouchers", file)
    assert parts("2024", tmp_path) == rows(SAMPLE / "expected_dispatch.csv")
    _recoveries_and_bars(tmp_path)
    assert not_named(TAMPERING) == {}
    _next_year(tmp_path)


def _recoveries_and_bars(out: Path) -> None:
    found = Finding.objects.values_list("as_of", "obligation__uscc", "obligation__host_uscc", "amount")
    assert sorted(tuple(map(str, row)) for row in found) == sorted(
        tuple(row.values()) for row in rows(SAMPLE / "expected_recoveries.csv")
    )
    assert Recovery.objects.count() == Finding.objects.count()
    bars = [
        (bar.uscc, str(bar.year), bar.evidence["as_of"], bar.evidence["deadline"])
        for bar in Bar.objects.filter(status="proposed").order_by("uscc")
    ]
    assert bars == [tuple(row.values()) for row in rows(SAMPLE / "expected_bars.csv")]
    assert Bar.objects.count() == len(bars)
    payments, expected = exported("payments", "2024", out), rows(SAMPLE / "expected_payments_dispatch.csv")
    assert paid_by(payments, *expected[0]) == paid_by(expected, *expected[0])


def _next_year(out: Path) -> None:
    call_command("import_data", str(SAMPLE / "year2025" / "contributions.csv"))
    call_command("screen_refunds", "2025", "--as-of", "2025-06-30")
    screened = exported("refunds", "2025", out)
    expected = rows(SAMPLE / "expected_refunds_2025.csv")
    assert [{name: row[name] for name in expected[0]} for row in screened] == expected
    for row in rows(SAMPLE / "year2025" / "applications.csv"):
        asked = (
            row["agency_uscc"],
            row["year"],
            "--roster",
            str(SAMPLE / "year2025" / row["roster"]),
            "--on",
            row["on"],
        )
        if row["accepted"] == "yes":
            call_command("submit_dispatch", *asked)
        else:
            assert "in_arrears" in refused("submit_dispatch", *asked)
    assert parts("2025", out) == rows(SAMPLE / "expected_dispatch_year2025.csv")
