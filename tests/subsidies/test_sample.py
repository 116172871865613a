"""The sample's claims, submitted by command, equal the files of an independent implementation. (contract, 4 and 5)"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from subsidies.models import Claim, ClaimFile
from tests.subsidies.conftest import SAMPLE

pytestmark = pytest.mark.django_db(transaction=True)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def exported(tmp_path: Path, year: int = 2024) -> list[dict[str, str]]:
    out = tmp_path / "out.csv"
    call_command("export_results", "subsidies", str(year), str(out))
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    found = rows(out)
    assert {row.pop("status") for row in found} == {"judged"}
    return found


def submitted(source: Path, tmp_path: Path) -> Path:
    """A copy of a claims file that may have its errors beside it."""
    tmp_path.mkdir(exist_ok=True)
    return Path(shutil.copy(source, tmp_path / source.name))


def test_the_sample_has_no_difference_also_when_it_is_submitted_twice(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = submitted(people / "claims.csv", tmp_path / "in")
    call_command("submit_claims", str(file), "--year", "2024")
    assert "claims.csv: 153 read, 153 taken, 0 rejected; 82 granted, 71 refused" in capsys.readouterr().out
    expected = rows(people / "expected_subsidies.csv")
    assert exported(tmp_path) == expected
    call_command("submit_claims", str(file), "--year", "2024")
    assert "claims.csv: 153 read, 0 taken, 0 rejected, 153 unchanged" in capsys.readouterr().out
    assert exported(tmp_path) == expected
    assert (ClaimFile.objects.count(), Claim.objects.count()) == (1, 153)
    assert not (tmp_path / "in" / "claims.csv.errors.csv").exists()


def test_the_dirty_file_gives_row_errors_and_judges_the_rest(people: Path, tmp_path: Path) -> None:
    folder = SAMPLE / "dirty" / "21_claims"
    file = submitted(folder / "claims.csv", tmp_path / "in")
    for _ in range(2):
        call_command("submit_claims", str(file), "--year", "2024")
        found = {(row["line"], row["column"]) for row in rows(tmp_path / "in" / "claims.csv.errors.csv")}
        assert found == {(row["line"], row["column"]) for row in rows(folder / "expected_rejects.csv")}
        assert exported(tmp_path) == rows(folder / "expected_subsidies.csv")


def test_a_file_after_another_is_judged_after_what_was_granted(people: Path, tmp_path: Path) -> None:
    call_command("submit_claims", str(people / "claims.csv"), "--year", "2024")
    claim = Claim.objects.granted().filter(slot=1).exclude(cert_no="").order_by("pk").first()
    assert claim is not None
    again = tmp_path / "again.csv"
    again.write_text(
        f"证书编号,证件号码,申请日期\n{claim.cert_no},{claim.id_no},{claim.applied_on}\n", encoding="gb18030"
    )
    call_command("submit_claims", str(again), "--year", "2024")
    latest = Claim.objects.latest("pk")
    assert latest.reasons[0] == "already_subsidised"
    assert (latest.granted_same_on, latest.held, latest.slot) == (claim.applied_on, False, None)


def test_a_file_that_cannot_be_read_and_a_year_without_a_policy(people: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    missing.write_text("id_no,cert_no\n220103196105140003,X\n", encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        call_command("submit_claims", str(missing), "--year", "2024")
    assert (caught.value.returncode, "applied_on" in str(caught.value)) == (2, True)
    with pytest.raises(CommandError) as caught:
        call_command("submit_claims", str(people / "claims.csv"), "--year", "2020")
    assert (caught.value.returncode, "缺少生效的政策：2020 年度" in str(caught.value)) == (1, True)
    with pytest.raises(CommandError) as caught:
        call_command("submit_claims", str(tmp_path / "nowhere.csv"), "--year", "2024")
    assert caught.value.returncode == 2
    assert not Claim.objects.exists()


def test_numbers_are_sealed_at_rest(people: Path, tmp_path: Path) -> None:
    call_command("submit_claims", str(people / "claims.csv"), "--year", "2024")
    number = rows(people / "claims.csv")[0]["id_no"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(c::text, '|') FROM subsidies_claim c")
        text = cursor.fetchone()[0]
    assert number not in text
    assert number.encode().hex() not in text
