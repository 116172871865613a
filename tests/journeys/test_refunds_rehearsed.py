"""A year of refunds from the screening to the bank and back, by command: rehearse, bank results, mended, paid again."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from caseworks.cases.models import Announcement, Case
from caseworks.money.models import Movement, Payment
from tests.journeys.conftest import SAMPLE, exported, paid_by, rows

COLUMNS = ("subject", "attempt", "amount", "account_kind")


def rehearse(*more: str) -> None:
    call_command("rehearse", "2024", "--scheme", "refunds", *more)


def results(folder: Path, *lines: str) -> Path:
    """A bank's file."""
    path = folder / "results.csv"
    path.write_text("\n".join(["payment_no,result,on,reason,year", *lines, ""]), encoding="utf-8")
    return path


def test_rehearsed_payments_have_no_difference(screened: Path, tmp_path: Path) -> None:
    rehearse()
    expected = rows(SAMPLE / "expected_payments_refunds.csv")
    found = exported("payments", tmp_path)
    assert paid_by(found, *COLUMNS) == paid_by(expected, *COLUMNS)
    assert {(row["scheme"], row["share"], row["status"]) for row in found} == {("refunds", "", "sent")}
    first_day, last_day = Announcement.objects.values_list("first_day", "last_day").distinct().get()
    assert (first_day.isoformat(), last_day.isoformat()) == ("2024-07-01", "2024-07-05")
    assert {day.isoformat() for day in Payment.objects.values_list("sent_on", flat=True)} == {"2024-07-08"}


def test_rehearsed_twice_nothing_is_done_twice(screened: Path, tmp_path: Path) -> None:
    rehearse()
    before = exported("payments", tmp_path), exported("refunds", tmp_path)
    rehearse()
    assert (exported("payments", tmp_path), exported("refunds", tmp_path)) == before


def test_paid_returned_mended_and_paid_again(screened: Path, tmp_path: Path) -> None:
    rehearse()
    subjects = sorted(row["subject"] for row in exported("payments", tmp_path) if row["account_kind"] == "corporate")
    one, two, *others = subjects
    paid = [f"@{subject}/1,paid,2024-07-09,,2024" for subject in others]
    file = results(
        tmp_path, *paid, f"@{one}/1,returned,2024-07-09,账号户名不符,2024", f"@{two}/1,paid,2024-07-09,,2024",
        f"@{two}/1,returned,2024-07-10,账户已销户,2024",
    )  # fmt: skip
    call_command("import_bank_results", str(file))
    call_command("import_bank_results", str(file))
    status = {row["uscc"]: row["status"] for row in exported("refunds", tmp_path)}
    assert (status[one], status[two], status[others[0]]) == ("returned", "returned", "paid")
    account = next(row for row in rows(SAMPLE / "accounts.csv") if (row["uscc"], row["kind"]) == (one, "corporate"))
    folder = tmp_path / "later"
    folder.mkdir()
    lines = [",".join(account), ",".join((account | {"account_no": "6222020000000000001"}).values()), ""]
    (folder / "accounts.csv").write_text("\n".join(lines), encoding="utf-8")
    call_command("import_data", str(folder))
    rehearse("--on", "2024-07-15")
    found = {(row["subject"], row["attempt"]): row["status"] for row in exported("payments", tmp_path)}
    assert [found.get(key) for key in ((one, "1"), (one, "2"), (two, "1"), (two, "2"))] == [
        "returned", "sent", "returned", None,
    ]  # fmt: skip
    call_command("import_bank_results", str(results(tmp_path, f"@{one}/2,paid,2024-07-16,,2024")))
    case = Case.objects.get(subject=one)
    assert case.status == "paid"
    amounts = Movement.objects.filter(payment__case=case).values_list("kind", "amount")
    assert sorted(amounts) == [("paid", case.amount)]
    assert Payment.objects.get(case=case, attempt=2).account_tail == "0001"


def test_an_unknown_number_refuses_the_whole_file(screened: Path, tmp_path: Path) -> None:
    rehearse()
    subject = exported("payments", tmp_path)[0]["subject"]
    file = results(tmp_path, f"@{subject}/1,paid,2024-07-09,,2024", "NO-SUCH-NUMBER,paid,2024-07-09,,2024")
    with pytest.raises(CommandError) as refused:
        call_command("import_bank_results", str(file))
    assert refused.value.returncode == 1
    assert not Movement.objects.exists()


def test_outside_a_training_database_nothing_is_rehearsed(screened: Path, settings: object) -> None:
    settings.TRAINING = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="这里不是训练库") as refused:
        rehearse()
    assert refused.value.returncode == 1
    assert not Case.objects.exists()
