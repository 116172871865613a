"""Statistics: every table sums up to the total, and every figure equals the list that it leads to (N7.2)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from caseworks.cases import reviews
from subsidies import claims, summaries
from subsidies.enums import Channel
from subsidies.models import Claim
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
PAGE, LIST = "/desk/subsidies/statistics/", "/desk/subsidies/"


@pytest.fixture(autouse=True)
def _today() -> object:
    with time_machine.travel("2024-06-28 10:00:00+08:00", tick=False):
        yield


@pytest.fixture
def claimed(people: Path) -> None:
    """The sample's claims, in review."""
    call_command("submit_claims", str(people / "claims.csv"), "--year", "2024")
    reviews.open_eligible(scheme="subsidies", year=2024, by=OPERATOR, at=AT)


def totals(client: Client, query: str) -> tuple[int, int, Decimal, int]:
    """Claims, granted, their sum and people of a list, as its line of totals says them."""
    page = client.get(f"{LIST}totals/?{query}").content.decode()
    claims, granted, amount, people = (text.replace(",", "") for text in re.findall(r"<b[^>]*>([\d,.]+)</b>", page))
    return int(claims), int(granted), Decimal(amount), int(people)


@pytest.mark.parametrize("office", ["220000", "220100"])
def test_every_line_equals_the_list_it_leads_to(claimed: None, sign_in: SignIn, office: str) -> None:
    client = sign_in("supervisor", office)
    rows = Claim.objects.of_year(2024)
    rows = rows if office == "220000" else rows.filter(city_office__code=office)
    found = summaries.tables(rows)
    whole = (found.total.claims, found.total.granted, found.total.amount, found.total.people)
    assert whole == totals(client, "year=2024")
    assert whole[0] > 10
    for table in (found.level, found.occupation, found.issuer, found.month, found.channel):
        assert sum(line.claims for line in table) == found.total.claims
        assert sum(line.amount for line in table) == found.total.amount
        for line in table:
            if line.query:
                said = (line.claims, line.granted, line.amount, line.people)
                assert totals(client, f"year=2024&{line.query}") == said, line.label


def test_the_page_leads_to_lists_with_just_these_rows(claimed: None, sign_in: SignIn) -> None:
    client = sign_in("supervisor")
    page = client.get(f"{PAGE}?year=2024").content.decode()
    links = [unescape(address) for address in re.findall(rf'href="({LIST}\?[^"]+)"', page)]
    counted = re.findall(rf'href="{LIST}\?[^"]+(?:reason|sign)=[^"]+">[^<]+</a></th><td class="num">([\d,]+)', page)
    leading = [address for address in links if "reason=" in address or "sign=" in address]
    assert len(leading) == len(counted) > 8
    for address, count in zip(leading, counted, strict=True):
        assert totals(client, address.partition("?")[2])[0] == int(count.replace(",", "")), address
    for chart in ("level", "month", "occupation", "issuer", "reason"):
        assert f'data-chart="chart-{chart}"' in page


def test_names_that_begin_alike_are_told_apart_and_the_rest_is_one_line(
    bureau: None, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summaries, "TOP", 1)
    people = [build.worker(serial) for serial in range(1, 5)]
    for place, id_no in enumerate(people):
        build.certificate(id_no, f"C{place}", code="A" if place < 2 else f"B{place}")
    build.Certificate.objects.filter(cert_no="C3").update(issuer="示例评价机构分部")
    for place, id_no in enumerate(people):
        claims.take(id_no=id_no, cert_no=f"C{place}", applied_on=AT.date(), channel=Channel.COUNTER, by=OPERATOR, at=AT)
    found = summaries.tables(Claim.objects.of_year(2024))
    assert [(line.label, line.claims, line.query) for line in found.issuer] == [
        ("示例评价机构", 3, "issuer=%E7%A4%BA%E4%BE%8B%E8%AF%84%E4%BB%B7%E6%9C%BA%E6%9E%84"), (summaries.OTHERS, 1, ""),
    ]  # fmt: skip
    assert [(line.label, line.claims) for line in found.occupation] == [("电工（A）", 2), (summaries.OTHERS, 2)]
    client = sign_in()
    assert totals(client, f"year=2024&{found.issuer[0].query}")[0] == 3
    assert totals(client, "year=2024&issuer=评价机构分")[0] == 1
    assert totals(client, "year=2024&occupation=A")[0] == 2
    assert totals(client, "year=2024&occupation=电")[0] == 4


def test_a_table_is_taken_away_with_its_total(claimed: None, sign_in: SignIn) -> None:
    answer = sign_in("supervisor").get(f"{PAGE}issuer.csv?year=2024")
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert lines[0][:3] == ["项目", "申领（件）", "人数"]
    assert (lines[-1][0], lines[-1][1], lines[-1][3]) == ("合计", "153", "82")
    assert sum(int(line[1]) for line in lines[1:-1]) == 153


def test_nothing_is_counted_where_nothing_is(bureau: None) -> None:
    for rows in (Claim.objects.of_year(2024), Claim.objects.none()):
        found = summaries.tables(rows)
        assert (found.total.claims, found.total.amount, found.level, found.issuer) == (0, Decimal(0), [], [])
