"""Whatever becomes of agencies and of claims, a figure of their boards is the list behind it: Hypothesis makes the worlds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from caseworks.base.errors import Refusal
from caseworks.base.sealed import lookup_hash
from caseworks.cases import history
from caseworks.cases.models import Case
from caseworks.law.models import Policy
from caseworks.oversight import dashboard, figures
from caseworks.people import offices
from caseworks.people.models import Person
from caseworks.registry.models import Certificate, Separation, Worker, WorkerInsurance
from subsidies.enums import Sign
from subsidies.models import Claim
from tests.cases.conftest import CLOCK, PATHS
from tests.dispatch.agencies import Paid
from tests.money.conftest import Staff, bureau, staff
from tests.oversight.lists import all_cells, differences, walked
from tests.oversight.test_properties import WORLDS
from tests.oversight.worlds import NOW, REGIONS, everywhere
from tests.people.builders import person

__all__ = ["bureau", "staff"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(bureau: None) -> Person:
    """A supervisor of the province."""
    return person("boss", "supervisor", since=dt.date(2020, 1, 1))


@contextmanager
def looked_at(boss: Person, at: dt.datetime, scheme: str) -> Iterator[None]:
    """A world is made inside; then every figure is compared with its list, and nothing of the world is left."""
    with transaction.atomic():
        yield
        with time_machine.travel(at, tick=False):
            client = Client()
            client.force_login(boss, "caseworks.people.backends.RoleBackend")
            figures.refresh(scheme, 2024, at=at)
            for office in everywhere():
                page = dashboard.of(boss, office, scheme, 2024, timezone.localdate(at))
                known: dict[str, int] = {}
                assert differences(client, all_cells(page), known) == [], office
                assert walked(client, f"/admin/?office={office.pk}&scheme={scheme}&year=2024", known)[1] == [], office
        transaction.set_rollback(True)


# -- agencies

amounts = st.sampled_from(["100.00", "60.00", "40.00", "0.01"])
days = st.sampled_from(["07-01", "07-15", "08-08", "08-12"])
hosts = st.integers(0, 1)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("voucher"), amounts, days, hosts),
        st.tuples(st.just("decide"), st.sampled_from(["verified", "rejected"]), days, hosts),
        st.tuples(st.just("back"), amounts, days, hosts),
        st.tuples(st.just("sweep"), amounts, st.sampled_from(["08-10", "08-13"]), hosts),
    ),
    max_size=6,
)


def act(agency: Paid, name: str, what: str, on: str, host: int) -> None:
    """One deed; what is refused changes nothing."""
    with suppress(Refusal, IndexError), transaction.atomic():
        if name == "voucher":
            agency.voucher(what, on, host)
        elif name == "decide":
            agency.decide(what, on)
        elif name == "back":
            agency.give_back(what, on, host=host)
        else:
            agency.sweep(on)


@WORLDS
@given(
    worlds=st.lists(DEEDS, min_size=1, max_size=3),
    on=st.sampled_from(["2024-07-16", "2024-08-01", "2024-08-07", "2024-08-30"]),
)
def test_the_forwarding_board_is_its_lists(
    boss: Person, staff: Staff, tmp_path: Path, worlds: list[list[tuple[str, str, str, int]]], on: str
) -> None:
    with looked_at(boss, dt.datetime.fromisoformat(f"{on}T10:00:00+08:00"), "dispatch"):
        for number, deeds in enumerate(worlds, 1):
            agency = Paid(staff, tmp_path, number, hosts=2).credited()
            for deed in deeds:
                act(agency, *deed)


# -- claims


@dataclass(frozen=True)
class Asked:
    """What becomes of one claim."""

    region: int
    level: int
    granted: bool
    state: str  # of its case; without one it has none
    card: int  # of how many that are shared
    insured: bool
    dead: bool
    jumped: bool
    marked: tuple[str, ...]


CLAIMS = st.builds(
    Asked,
    region=st.integers(0, len(REGIONS) - 1),
    level=st.sampled_from([3, 4, 5]),
    granted=st.booleans(),
    state=st.sampled_from(["", "", "opened", "paid", "refused"]),
    card=st.integers(0, 2),
    insured=st.booleans(),
    dead=st.booleans(),
    jumped=st.booleans(),
    marked=st.sets(st.sampled_from(sorted(Sign.values)), max_size=2).map(lambda found: tuple(sorted(found))),
)
_OPEN = """
    SELECT %(subject)s::text AS subject, '示例' AS name, %(office)s::bigint AS office_id, %(city)s::bigint AS city_office_id,
           %(amount)s::numeric(14,2) AS amount, sha256(%(subject)s::bytea) AS fingerprint
"""


def claim(number: int, line: Asked) -> None:
    """A person with a certificate, a claim for it, and its case where there is one."""
    place, id_no = offices.place(REGIONS[line.region]), f"22010219900101{number:04d}"
    held = lookup_hash(id_no)
    Worker.objects.create(
        id_no=id_no, id_hash=held, name=f"样例{number}", phone="13900000000", phone_hash=lookup_hash("13900000000"),
        card_account=f"6200{line.card}", card_hash=lookup_hash(f"6200{line.card}"),
    )  # fmt: skip
    made = Claim.objects.create(
        year=2024, channel="counter", id_no=id_no, id_hash=held, name=f"样例{number}", region=REGIONS[line.region],
        office_id=place.office_id, city_office_id=place.city_office_id, applied_on=dt.date(2024, 6, 28),
        policy=Policy.objects.in_force().of("subsidies", 2024).get(region="22"), cert_no=f"ZS{number}",
        issued_on=dt.date(2024, 2, 1), level=line.level, occupation_code="6-31", occupation="电工", issuer="示例机构",
        insured_months=12, granted_higher=0, training_higher=0, granted_in_year=0, granted_ordinary=0, in_shortage=False,
        once=True, label="测试", at=NOW, signs=list(line.marked) if line.granted and line.state else [],
        **(
            {"outcome": "granted", "amount": 1000, "slot_year": 2024, "slot": 1, "round": 1, "held": True}
            if line.granted
            else {"outcome": "refused", "amount": 0, "held": False, "reasons": ["window_expired", "annual_limit"]}
        ),
    )  # fmt: skip
    Certificate.objects.create(
        cert_no=f"ZS{number}", id_hash=held, occupation_code="6-31", level=line.level, issued_on=dt.date(2024, 2, 1)
    )
    if line.jumped and line.level == 3:
        Certificate.objects.create(
            cert_no=f"ZT{number}", id_hash=held, occupation_code="6-31", level=5, issued_on=dt.date(2023, 2, 1)
        )
    if line.insured:
        WorkerInsurance.objects.create(
            id_hash=held, uscc="91220102XNQNQPW14U", period_from="2022-01", period_to="2024-12"
        )
    if line.dead:
        Separation.objects.create(
            uscc="91220102XNQNQPW14U", id_no=id_no, id_hash=held, separated_on=dt.date(2024, 5, 1), reason="retirement"
        )
    if line.granted and line.state:
        given = {
            "subject": held.hex(),
            "office": place.office_id,
            "city": place.city_office_id,
            "amount": Decimal(1000),
        }
        history.open_cases(scheme="subsidies", year=2024, select=_OPEN, params=given, by=CLOCK, at=NOW)
        case = Case.objects.get(subject=held.hex())
        Claim.objects.filter(pk=made.pk).update(case=case)
        for step in PATHS[line.state]:
            history.take(step, [case.pk], by=CLOCK, at=NOW, note="测试")


@WORLDS
@given(lines=st.lists(CLAIMS, min_size=1, max_size=8))
def test_the_board_of_claims_is_its_lists(boss: Person, lines: list[Asked]) -> None:
    with looked_at(boss, NOW, "subsidies"):
        for number, line in enumerate(lines, 1):
            claim(number, line)


def test_signs_are_counted_also_before_a_claim_has_a_case(boss: Person) -> None:
    line = Asked(1, 3, True, "", 0, True, True, True, ())
    with looked_at(boss, NOW, "subsidies"):
        claim(1, line)
        claim(2, Asked(1, 4, True, "opened", 0, True, False, False, (Sign.CARD_SHARED.value,)))
        figures.refresh("subsidies", 2024, at=NOW)
        found = {key: row.units for key, row in figures.board("subsidies", 2024, offices.root().pk).of("sign").items()}
        assert found == {"card_shared": 2, "level_jump": 1, "after_the_end": 1}
