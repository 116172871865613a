"""A year of skill subsidies from the claims to the card, by command: submit, rehearse, bank results, a card activated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from caseworks.base.identifiers import mask_name
from caseworks.books import checking
from caseworks.cases import history, reviews, verification
from caseworks.cases.models import AnnouncementLine, Case, Hold
from caseworks.money.models import Payment
from caseworks.people.actors import Actor
from subsidies.models import Claim
from tests.journeys.conftest import SAMPLE, exported, rows
from tests.subsidies.conftest import AT, KINDS, load
from tests.tampering import not_named

COMMAND = Actor(os_user="tester", command="pytest")
# What a tamperer with the database's own powers does to the year's claims.
TAMPERING = {
    "claim_case_is_its_judgement": "UPDATE subsidies_claim SET round = round + 1 WHERE case_id IS NOT NULL",
    "claim_paid_is_granted": "UPDATE subsidies_claim SET outcome = 'refused' WHERE case_id IS NOT NULL",
    "claims_a_year_within_the_limit": "UPDATE subsidies_claim SET slot = 9 WHERE held",
    "claim_pays_its_level": "UPDATE subsidies_claim SET amount = amount + 1 WHERE held",
}


@pytest.fixture
def claimed(transactional_db: None, settings: object) -> Iterator[Path]:
    """A training bureau with the sample's people and their claims."""
    settings.TRAINING = True  # type: ignore[attr-defined]
    call_command("setup")
    load(SAMPLE, *KINDS, "fund")
    call_command("submit_claims", str(SAMPLE / "claims.csv"), "--year", "2024")
    yield SAMPLE
    assert checking.offences() == []
    assert verification.findings() == []


def rehearse(*more: str) -> None:
    call_command("rehearse", "2024", "--scheme", "subsidies", *more)


def results(folder: Path, *lines: str) -> Path:
    path = folder / "results.csv"
    path.write_text("\n".join(["payment_no,result,on,reason,year", *lines, ""]), encoding="utf-8")
    return path


def test_every_granted_claim_goes_to_its_card_and_waits_where_the_card_is_not_active(
    claimed: Path, tmp_path: Path
) -> None:
    rehearse()
    granted = [row for row in rows(SAMPLE / "expected_subsidies.csv") if row["outcome"] == "granted"]
    inactive = {row["id_no"] for row in rows(SAMPLE / "workers.csv") if row["card_active"] != "yes"}
    expected = Counter((row["id_no"], row["amount"]) for row in granted if row["id_no"] not in inactive)
    found = exported("payments", tmp_path)
    assert Counter((row["subject"], row["amount"]) for row in found) == expected
    assert {(row["scheme"], row["account_kind"], row["share"], row["status"]) for row in found} == {
        ("subsidies", "card", "", "sent")
    }
    status = Counter((row["outcome"], row["status"]) for row in exported("subsidies", tmp_path))
    waiting = len(granted) - len(found)
    assert status == {("refused", "judged"): 71, ("granted", "batched"): len(found), ("granted", "cleared"): waiting}
    held = Hold.objects.filter(released_at=None, case__scheme="subsidies")
    assert {hold.reason for hold in held} == {"社会保障卡金融功能未激活，请本人到发卡银行激活。"}
    assert held.count() == waiting > 0
    again = exported("payments", tmp_path), exported("subsidies", tmp_path)
    rehearse()
    assert (exported("payments", tmp_path), exported("subsidies", tmp_path)) == again


def test_each_case_is_dated_by_its_application(claimed: Path) -> None:
    rehearse()
    claim = Claim.objects.standing().filter(case__status="batched").order_by("applied_on").first()
    assert claim is not None
    assert claim.case is not None
    days = [event.at.date() for event in claim.case.events.filter(step__in=["pass_first", "approve"])]
    assert set(days) == {claim.applied_on}


def test_announcements_show_masked_names_and_no_numbers(claimed: Path) -> None:
    rehearse()
    lines = AnnouncementLine.objects.filter(announcement__scheme="subsidies").select_related("case")
    assert lines.count() == Claim.objects.standing().count()
    for line in lines:
        claim = Claim.objects.get(case=line.case)
        assert line.name == mask_name(claim.name)
        assert line.shown == {
            "certificate": f"****{claim.cert_no[-4:]}",
            "level": {3: "三级", 4: "四级", 5: "五级"}[claim.level or 0],
        }


def test_paid_returned_and_sent_again_once_the_card_is_active(claimed: Path, tmp_path: Path) -> None:
    rehearse()
    people = Counter(row["subject"] for row in exported("payments", tmp_path))
    twice = next(subject for subject, count in people.items() if count > 1)
    once = [subject for subject, count in people.items() if count == 1]
    file = results(
        tmp_path, f"@{twice}/1,paid,2025-02-10,,2024", f"@{twice}/2,paid,2025-02-10,,2024",
        f"@{once[0]}/1,returned,2025-02-10,卡已挂失,2024",
    )  # fmt: skip
    call_command("import_bank_results", str(file))
    status = Counter(row["status"] for row in exported("subsidies", tmp_path) if row["id_no"] in {twice, once[0]})
    assert (status["paid"], status["returned"]) == (2, 1)
    waiting = {row["id_no"] for row in exported("subsidies", tmp_path) if row["status"] == "cleared"}
    folder = tmp_path / "later"
    folder.mkdir()
    header, *lines = (SAMPLE / "workers.csv").read_text(encoding="utf-8-sig").splitlines()
    changed = [line.replace(",no", ",yes") for line in lines if line.split(",")[0] in waiting]
    changed += [
        ",".join([*line.split(",")[:5], "6299000000000000001", "yes"]) for line in lines if line.startswith(once[0])
    ]
    (folder / "workers.csv").write_text("\n".join([header, *changed, ""]), encoding="utf-8")
    call_command("import_data", str(folder))
    rehearse()
    found = exported("payments", tmp_path)
    assert [row["status"] for row in found if row["subject"] == once[0]] == ["returned", "sent"]
    assert [row["attempt"] for row in found if row["subject"] == once[0]] == ["1", "2"]
    assert waiting <= {row["subject"] for row in found}
    assert {row["status"] for row in exported("subsidies", tmp_path)} == {"judged", "paid", "batched"}
    assert not_named(TAMPERING) == {}


def over_the_limit() -> Claim:
    """A claim that was one too many for its year, where three stand."""
    return next(
        claim
        for claim in Claim.objects.filter(reasons=["annual_limit"])
        if Claim.objects.standing().filter(id_hash=claim.id_hash).count() == 3
    )


def test_a_return_of_the_bank_frees_no_slot(claimed: Path, tmp_path: Path) -> None:
    over = over_the_limit()
    person = over.id_hash
    rehearse()
    second = Claim.objects.get(id_hash=person, slot=2)
    payment = Payment.objects.get(case=second.case)
    call_command("import_bank_results", str(results(tmp_path, f"{payment.payment_no},returned,2025-02-10,销户,")))
    assert Case.objects.get(pk=second.case_id).status == "returned"
    file = tmp_path / "again.csv"
    file.write_text(f"id_no,cert_no,applied_on\n{over.id_no},{over.cert_no},{over.applied_on}\n", encoding="utf-8")
    call_command("submit_claims", str(file), "--year", "2024")
    assert Claim.objects.latest("pk").reasons == ["annual_limit"]


def test_a_refusal_in_review_frees_the_slot_and_it_is_given_again(claimed: Path, tmp_path: Path) -> None:
    over = over_the_limit()
    person = over.id_hash
    reviews.open_eligible(scheme="subsidies", year=2024, by=COMMAND, at=AT)
    second = Claim.objects.get(id_hash=person, slot=2)
    assert second.case_id is not None
    history.take("refuse", [second.case_id], by=COMMAND, at=AT, note="证书存疑，查实为伪造")
    file = tmp_path / "again.csv"
    file.write_text(f"id_no,cert_no,applied_on\n{over.id_no},{over.cert_no},{over.applied_on}\n", encoding="utf-8")
    call_command("submit_claims", str(file), "--year", "2024")
    latest = Claim.objects.latest("pk")
    second.refresh_from_db()
    assert (latest.outcome, latest.slot, latest.round) == ("granted", 2, 4)
    assert (second.held, second.outcome, second.released_at is not None) == (False, "granted", True)
    row = next(row for row in exported("subsidies", tmp_path) if row["status"] == "refused")
    assert (row["outcome"], row["cert_no"]) == ("granted", second.cert_no)
