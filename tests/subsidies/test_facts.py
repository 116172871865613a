"""What the query makes of the registry: months, service, history, policy row and office, one claim at a time."""

from __future__ import annotations

import datetime

import pytest
from django.core.management import call_command

from caseworks.base.errors import Refusal
from caseworks.base.sealed import lookup_hash
from caseworks.law.models import Policy
from caseworks.people import offices
from caseworks.registry.models import WorkerInsurance
from subsidies import claims
from subsidies.enums import Channel
from subsidies.models import Claim
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR

pytestmark = pytest.mark.django_db
D = datetime.date.fromisoformat


@pytest.fixture(autouse=True)
def _bureau(settings: object) -> None:
    settings.TRAINING = True  # type: ignore[attr-defined]
    call_command("setup")


def take(id_no: str, cert_no: str, applied_on: str = "2024-06-01") -> Claim:
    return claims.take(
        id_no=id_no, cert_no=cert_no, applied_on=D(applied_on), channel=Channel.COUNTER, by=OPERATOR, at=AT
    )


MONTHS = [
    ("one spell", [("2022-01", "2024-12")], 26),
    ("up to and with the month of issue", [("2024-02", "2024-02")], 1),
    ("from the month after it nothing", [("2024-03", "2024-12")], 0),
    ("overlapping spells count once", [("2023-01", "2023-12"), ("2023-06", "2024-01")], 13),
    ("spells that touch", [("2023-01", "2023-06"), ("2023-07", "2023-12")], 12),
    ("spells with a gap", [("2022-01", "2022-03"), ("2023-01", "2023-03")], 6),
    ("over a turn of the year", [("2023-12", "2024-01")], 2),
]


@pytest.mark.parametrize(("name", "spells", "months"), MONTHS, ids=[name for name, _, _ in MONTHS])
def test_distinct_insured_months(name: str, spells: list[tuple[str, str]], months: int) -> None:
    id_no = build.worker(insured=())
    for place, (first, last) in enumerate(spells):
        build.unit(uscc := build.ENTERPRISE if place == 0 else build.BUREAU)
        WorkerInsurance.objects.create(id_hash=lookup_hash(id_no), uscc=uscc, period_from=first, period_to=last)
    assert take(id_no, build.certificate(id_no, "C1")).insured_months == months


def test_months_of_any_unit_count_but_service_is_an_enterprise() -> None:
    id_no = build.worker(uscc=build.BUREAU)
    claim = take(id_no, build.certificate(id_no, "C1"))
    assert (claim.insured_months, claim.service, claim.reasons) == (26, "", ["not_in_service"])


@pytest.mark.parametrize(("applied_on", "service"), [
    ("2024-05-31", ""), ("2024-06-01", "enterprise"), ("2024-08-31", "enterprise"), ("2024-09-01", ""),
    ("2024-10-01", "benefit"), ("2024-11-01", ""),
])  # fmt: skip
def test_service_is_that_of_the_month_of_application(applied_on: str, service: str) -> None:
    id_no = build.worker(insured=(("2022-01", "2023-12"), ("2024-06", "2024-08")))
    build.benefit(id_no, "2024-10", "2024-10")
    assert take(id_no, build.certificate(id_no, "C1"), applied_on).service == service


def test_a_certificate_of_another_person_is_none() -> None:
    mine, other = build.worker(1), build.worker(2)
    build.certificate(other, "C1")
    claim = take(mine, "C1")
    assert (claim.reasons, claim.issued_on, claim.level, claim.name) == (["certificate_not_found"], None, None, "样例1")


def test_an_unknown_person_belongs_to_the_province_and_holds_no_certificate() -> None:
    claim = take(build.number(7), "C1")
    assert (claim.reasons, claim.name, claim.office) == (["certificate_not_found"], "", offices.root())
    assert claim.id_no == build.number(7)


def test_the_policy_row_is_that_of_the_region() -> None:
    here, elsewhere, nowhere = (
        build.worker(1), build.worker(2, region="110101"), build.worker(3, region="")
    )  # fmt: skip
    found = [
        take(id_no, build.certificate(id_no, f"C{place}")) for place, id_no in enumerate((here, elsewhere, nowhere))
    ]
    assert [claim.policy.region for claim in found] == ["22", "", ""]
    assert found[0].office_id == offices.place("220102").office_id


def test_where_only_the_province_has_a_row_in_force_it_counts_for_people_without_a_region() -> None:
    Policy.objects.filter(scheme="subsidies", region="").update(status="superseded", superseded_at=AT)
    nowhere = build.worker(3, region="")
    assert take(nowhere, build.certificate(nowhere, "C1")).policy.region == "22"
    elsewhere = build.worker(2, region="110101")
    with pytest.raises(Refusal, match="缺少生效的政策"):
        take(elsewhere, build.certificate(elsewhere, "C2"))


def test_history_is_that_of_the_person_and_of_standing_grants() -> None:
    id_no = build.worker()
    first = take(id_no, build.certificate(id_no, "C1", code="A", level=4))
    assert (first.outcome, first.slot, first.held) == ("granted", 1, True)
    second = take(id_no, build.certificate(id_no, "C2", code="A", level=5))
    assert (second.reasons, second.granted_higher, second.granted_higher_on) == (
        ["higher_level_subsidised"], 4, D("2024-06-01"),
    )  # fmt: skip
    build.training(id_no, "B", 3, "2024-05-31")
    third = take(id_no, build.certificate(id_no, "C3", code="B", level=4))
    assert (third.reasons, third.training_higher, third.training_higher_on) == (
        ["higher_level_subsidised"], 3, D("2024-05-31"),
    )  # fmt: skip
    assert take(id_no, build.certificate(id_no, "C4", code="C")).slot == 2


def test_wrong_numbers_are_refused_in_words() -> None:
    for id_no, cert_no, words in (
        (build.number(1)[:17] + "Z", "C", "末位应为数字或X"),
        (build.number(1), " ", "证书编号为空"),
    ):
        with pytest.raises(Refusal, match=words):
            take(id_no, cert_no)
    assert not Claim.objects.exists()
