"""A training subsidy imported after the grant: found, shown, proposed to be recovered, or held back (J3.2)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from caseworks.base.errors import Refusal
from caseworks.cases import history, reviews
from caseworks.cases.models import Case
from caseworks.money import facts as money_facts
from caseworks.money import recoveries
from caseworks.money.models import Recovery
from caseworks.people.actors import Actor
from caseworks.registry.models import FundYear
from subsidies import claims, overlaps, signs
from subsidies.enums import Channel
from subsidies.models import Claim, Overlap
from tests.people.builders import person
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR

pytestmark = pytest.mark.django_db
DAY = datetime.date(2024, 6, 3)


@pytest.fixture
def claim(settings: object) -> Claim:
    """A granted claim of level 4, with its case."""
    settings.TRAINING = True  # type: ignore[attr-defined]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]
    call_command("setup")
    FundYear.objects.create(
        region="220000", year=2023, closing_balance=Decimal("24000000.00"), expenditure=Decimal("12000000.00")
    )
    id_no = build.worker()
    build.training(id_no, "A", 4, "2024-06-20")  # known when the claim is judged, and no part of it
    build.certificate(id_no, "C1", code="A", level=4)
    return claims.take(id_no=id_no, cert_no="C1", applied_on=DAY, channel=Channel.COUNTER, by=OPERATOR, at=AT)


def look() -> tuple[int, int]:
    done = overlaps.look(by=OPERATOR, at=AT)
    return done.found, done.proposed


def paid(folder: Path) -> Case:
    """The claim's case, carried to the card and paid."""
    call_command("rehearse", "2024", "--scheme", "subsidies")
    case = Case.objects.get(scheme="subsidies")
    file = folder / "bank.csv"
    line = f"{case.payments.get().payment_no},paid,2024-07-20,"
    file.write_text(f"payment_no,result,on,reason\n{line}\n", encoding="utf-8")
    call_command("import_bank_results", str(file))
    return case


MEETS = [
    ("the same level", 4, "2024-07-01", "same"),
    ("the same level, before the application", 4, "2024-05-01", "same"),
    ("a lower level afterwards", 5, "2024-07-01", "lower"),
    ("a higher level before", 3, "2024-05-01", "higher"),
    ("a lower level before is no double benefit", 5, "2024-05-01", ""),
    ("a higher level afterwards is none", 3, "2024-07-01", ""),
    ("before the first day of the rule", 4, "2023-12-31", ""),
]


@pytest.mark.parametrize(("name", "level", "paid_on", "kind"), MEETS, ids=[name for name, *_ in MEETS])
def test_what_is_found(claim: Claim, name: str, level: int, paid_on: str, kind: str) -> None:
    assert look() == (0, 0)
    build.training(claim.id_no, "A", level, paid_on)
    build.training(claim.id_no, "B", level, paid_on)
    assert look() == (int(bool(kind)), 0)
    assert look() == (0, 0)
    assert list(Overlap.objects.values_list("kind", "level")) == ([(kind, level)] if kind else [])


def test_a_paid_claim_is_proposed_to_be_recovered_once_and_dismissed_with_a_reason(
    claim: Claim, tmp_path: Path
) -> None:
    case = paid(tmp_path)
    build.training(claim.id_no, "A", 4, "2024-08-01", "900.00")
    assert look() == (1, 1)
    assert look() == (0, 0)
    recovery = Recovery.objects.get()
    assert (recovery.status, recovery.amount, recovery.case_id, recovery.payment_id) == (
        "proposed", Decimal("1500.00"), case.pk, case.payments.get().pk,
    )  # fmt: skip
    assert "2024-08-01 另领同一职业 4 级职业培训补贴 900.00 元" in recovery.reason
    found = Overlap.objects.get()
    clerk, reviewer = person("clerk", "clerk"), person("reviewer", "reviewer")
    with pytest.raises(Refusal, match="没有认定"):
        overlaps.dismiss(found, because="不是一个人", by=Actor.of_person(clerk), at=AT)
    with pytest.raises(Refusal, match="写明"):
        overlaps.dismiss(found, because=" ", by=Actor.of_person(reviewer), at=AT)
    overlaps.dismiss(found, because="培训补贴误录，已由人社部门更正", by=Actor.of_person(reviewer), at=AT)
    recovery.refresh_from_db()
    assert recovery.status == "withdrawn"
    with pytest.raises(Refusal, match="已认定"):
        overlaps.dismiss(found, because="再来一次", by=Actor.of_person(reviewer), at=AT)


def test_only_what_nobody_has_decided_waits(claim: Claim, tmp_path: Path) -> None:
    paid(tmp_path)
    build.training(claim.id_no, "A", 4, "2024-08-01")
    look()
    assert list(Overlap.objects.waiting()) == [Overlap.objects.get()]
    reviewer = Actor.of_person(person("reviewer", "reviewer"))
    recoveries.confirm(overlaps.key_of(claim.pk), by=reviewer, at=AT, on=DAY)
    assert not Overlap.objects.waiting().exists()
    assert Overlap.objects.open().exists()


def test_what_was_confirmed_is_not_dismissed(claim: Claim, tmp_path: Path) -> None:
    paid(tmp_path)
    build.training(claim.id_no, "A", 4, "2024-08-01")
    look()
    reviewer = Actor.of_person(person("reviewer", "reviewer"))
    recoveries.confirm(overlaps.key_of(claim.pk), by=reviewer, at=AT, on=DAY)
    with pytest.raises(Refusal, match="追回已经确认"):
        overlaps.dismiss(Overlap.objects.get(), because="不是", by=reviewer, at=AT)


def test_an_unpaid_claim_waits_until_somebody_decides(claim: Claim) -> None:
    reviews.open_eligible(scheme="subsidies", year=2024, by=OPERATOR, at=AT)
    case = Case.objects.get().pk
    build.training(claim.id_no, "A", 4, "2024-07-01")
    assert money_facts.obstacles([case], DAY) == {case: ["与 2024-07-01 发放的职业培训补贴重复，待核实"]}
    assert look() == (1, 0)
    reviewer = Actor.of_person(person("reviewer", "reviewer"))
    overlaps.dismiss(Overlap.objects.get(), because="已退回培训补贴", by=reviewer, at=AT)
    assert money_facts.obstacles([case], DAY) == {}


def test_judged_again_and_granted_the_claim_waits_as_before(claim: Claim) -> None:
    reviews.open_eligible(scheme="subsidies", year=2024, by=OPERATOR, at=AT)
    case = Case.objects.get().pk
    build.training(
        claim.id_no, "A", 4, "2024-07-01"
    )  # after the application: no reason to refuse, and a double benefit
    waits = {case: ["与 2024-07-01 发放的职业培训补贴重复，待核实"]}
    assert money_facts.obstacles([case], DAY) == waits
    reviews.rejudge(case, by=OPERATOR, at=AT, note="比对发现培训补贴")
    claim.refresh_from_db()
    assert claim.outcome == "granted"
    assert money_facts.obstacles([case], DAY) == waits
    assert look() == (1, 0)
    assert look() == (0, 0)


def test_what_was_known_and_paid_after_the_application_is_a_sign(claim: Claim) -> None:
    words = "申领日期之后另有 1 笔同一职业同级或低级的职业培训补贴"
    assert [(seen.code, seen.words) for seen in signs.of_claim(claim)] == [("trained_since", words)]
    build.training(claim.id_no, "A", 4, "2024-07-01")
    assert [seen.words for seen in signs.of_claim(claim)] == [words]


def test_judged_again_the_claim_is_refused_and_lets_go_of_its_slot(claim: Claim) -> None:
    reviews.open_eligible(scheme="subsidies", year=2024, by=OPERATOR, at=AT)
    case = Case.objects.get()
    build.training(claim.id_no, "A", 4, "2024-06-01")
    assert reviews.rejudge(case.pk, by=OPERATOR, at=AT, note="比对发现培训补贴")
    claim.refresh_from_db()
    assert (claim.outcome, claim.reasons, claim.held, claim.amount) == (
        "refused", ["training_subsidy_overlap"], False, Decimal(0),
    )  # fmt: skip
    history.take("refuse", [case.pk], by=OPERATOR, at=AT, note="与培训补贴重复")
    build.training(claim.id_no, "Z", 5, "2024-06-01")
    assert look() == (0, 0)
    assert not Overlap.objects.waiting().exists()
