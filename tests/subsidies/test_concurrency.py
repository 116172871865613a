"""Many counters at once: the keys of the database give three a year and a level once, whoever is first (N3.3)."""

from __future__ import annotations

import datetime

import pytest

from subsidies import claims
from subsidies.enums import Channel
from subsidies.models import Claim
from tests.cases.test_concurrency import at_once
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.date(2024, 6, 1)


def take(id_no: str, cert_no: str) -> str:
    claim = claims.take(id_no=id_no, cert_no=cert_no, applied_on=DAY, channel=Channel.COUNTER, by=OPERATOR, at=AT)
    return ";".join(claim.reasons) or f"slot {claim.slot}"


def test_of_sixteen_claims_at_once_exactly_three_are_granted(bureau: None) -> None:
    id_no = build.worker()
    certificates = [build.certificate(id_no, f"C{serial}") for serial in range(16)]
    found = at_once(16, lambda number: take(id_no, certificates[number]))
    assert sorted(map(str, found)) == ["annual_limit"] * 13 + ["slot 1", "slot 2", "slot 3"]
    assert sorted(Claim.objects.standing().values_list("slot", flat=True)) == [1, 2, 3]


def test_the_fourth_of_a_year_from_sixteen_counters(bureau: None) -> None:
    id_no = build.worker()
    certificates = [build.certificate(id_no, f"C{serial}") for serial in range(19)]
    for cert_no in certificates[:2]:
        assert take(id_no, cert_no).startswith("slot")
    found = at_once(16, lambda number: take(id_no, certificates[2 + number]))
    assert sorted(map(str, found)) == ["annual_limit"] * 15 + ["slot 3"]


def test_the_same_certificate_from_eight_counters_is_granted_once(bureau: None) -> None:
    id_no = build.worker()
    build.certificate(id_no, "C")
    found = at_once(8, lambda _: take(id_no, "C"))
    assert sorted(map(str, found)) == ["already_subsidised"] * 7 + ["slot 1"]


def test_people_do_not_wait_for_each_other(bureau: None) -> None:
    everybody = [build.worker(serial) for serial in range(8)]
    for id_no in everybody:
        build.certificate(id_no, f"C{id_no}")
    found = at_once(8, lambda number: take(everybody[number], f"C{everybody[number]}"))
    assert found == ["slot 1"] * 8
