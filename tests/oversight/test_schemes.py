"""The schemes' own figures: the forwarding board and the skill subsidy by level are the lists behind them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from caseworks.oversight import dashboard, figures
from caseworks.people.actors import Actor
from caseworks.people.models import Office, Person
from caseworks.registry.models import TrainingSubsidy
from dispatch import enforcement
from dispatch.models import Finding
from subsidies import overlaps
from subsidies.models import Claim
from tests.dispatch.agencies import Paid
from tests.money.conftest import Staff, bureau, staff
from tests.oversight.lists import all_cells, differences, walked
from tests.people.builders import person
from tests.subsidies.conftest import SAMPLE
from tests.subsidies.conftest import load as load_people

__all__ = ["bureau", "staff"]
PEOPLE = ("units", "workers", "worker_insurance", "benefit_spells", "certificates", "training_subsidies")


def signed_in() -> tuple[Client, Person]:
    boss = person("boss", "supervisor", since=dt.date(2020, 1, 1))
    client = Client()
    client.force_login(boss, "caseworks.people.backends.RoleBackend")
    return client, boss


@pytest.mark.django_db
def test_the_forwarding_board_is_its_lists(staff: Staff, tmp_path: Path) -> None:
    overdue, forwarded, waiting = (Paid(staff, tmp_path, number, hosts=2).credited() for number in (1, 2, 3))
    forwarded.voucher("100.00", "07-01")
    forwarded.decide("verified", "07-02")
    forwarded.give_back("40.00", "07-03", host=1)
    waiting.voucher("100.00", "07-01")
    Paid(staff, tmp_path, 4).apply()
    client, boss = signed_in()
    province = Office.objects.get(code="220000")
    seen = {}
    for day in ("2024-07-20", "2024-08-01", "2024-08-07", "2024-08-12"):
        with time_machine.travel(dt.datetime.fromisoformat(f"{day}T10:00:00+08:00"), tick=False):
            client.force_login(boss, "caseworks.people.backends.RoleBackend")
            figures.refresh("dispatch", 2024, at=timezone.now())
            on = timezone.localdate()
            for office in (province, Office.objects.get(code="220100"), Office.objects.get(code="220102")):
                page = dashboard.of(boss, office, "dispatch", 2024, on)
                assert differences(client, all_cells(page)) == [], (day, office)
                count, wrong = walked(client, f"/admin/?office={office.pk}&scheme=dispatch&year=2024")
                assert (count > 10, wrong) == (True, []), (day, office)
            seen[day] = {cell.label: cell.units for cell in page.panels[0].context["board"]}
            alerts = {alert.label: (alert.tone, alert.count) for alert in page.alerts}
    assert seen == {
        "2024-07-20": {"剩 10 个工作日以上": 4, "凭证待核对": 1, "已转付或退回": 1},
        "2024-08-01": {"剩 6–10 个工作日": 4, "凭证待核对": 1, "已转付或退回": 1},
        "2024-08-07": {"剩 5 个工作日以内": 4, "凭证待核对": 1, "已转付或退回": 1},
        "2024-08-12": {"已过期限，未转付": 4, "凭证待核对": 1, "已转付或退回": 1},
    }
    assert alerts["派遣单位已过期限，未转付用工单位"] == ("red", 4)
    names = [cell.label for cell in page.panels[0].context["agencies"]]
    assert names[0] == overdue.unit.name  # holds most
    money = {cell.label: cell.amount for cell in page.panels[0].context["money"]}
    assert (money["已核实转付"], money["凭证待核对"], money["按期退回"]) == (100, 100, 40)


@pytest.mark.django_db
def test_findings_are_their_list_and_lead_to_the_bar(staff: Staff, tmp_path: Path) -> None:
    Paid(staff, tmp_path, 1, hosts=2).credited()
    client, boss = signed_in()
    with time_machine.travel(dt.datetime.fromisoformat("2024-08-20T10:00:00+08:00"), tick=False):
        client.force_login(boss, "caseworks.people.backends.RoleBackend")
        enforcement.sweep(dt.date(2024, 8, 19), by=Actor(os_user="tester", command="pytest"), at=timezone.now())
        for scheme in ("dispatch", "refunds"):
            figures.refresh(scheme, 2024, at=timezone.now())
        page = dashboard.of(boss, Office.objects.get(code="220000"), "dispatch", 2024, timezone.localdate())
        assert differences(client, all_cells(page)) == []
        found = page.panels[0].context["findings"]
        assert [(cell.label, cell.units) for cell in found] == [("期限届满未转付也未退回", 2)]
        for scheme in ("dispatch", "refunds"):  # whichever board is looked at, the bar waits in red
            alerts = dashboard.of(boss, page.office, scheme, 2024, timezone.localdate()).alerts
            assert [alert.count for alert in alerts if (alert.tone, alert.label[:5]) == ("red", "拟取消资格")] == [1], (
                scheme
            )
        assert walked(client, "/admin/?scheme=dispatch&year=2024")[1] == []
        bar = Finding.objects.values_list("bar_id", flat=True).distinct().get()
        assert f"/desk/dispatch/bars/{bar}/" in client.get(found[0].url).content.decode()


@pytest.mark.django_db(transaction=True)
def test_subsidies_by_level_are_their_lists(bureau: None, tmp_path: Path) -> None:
    load_people(SAMPLE, *PEOPLE)
    path = tmp_path / "claims.csv"
    path.write_bytes((SAMPLE / "claims.csv").read_bytes())
    call_command("submit_claims", str(path), "--year", "2024")
    at = timezone.now()
    figures.refresh("subsidies", 2024, at=at)
    client, boss = signed_in()
    page = dashboard.of(boss, Office.objects.get(code="220000"), "subsidies", 2024, timezone.localdate(at))
    assert differences(client, all_cells(page)) == []
    claim = Claim.objects.granted().order_by("pk").first()
    assert claim is not None
    TrainingSubsidy.objects.create(
        id_hash=claim.id_hash, occupation_code=claim.occupation_code, level=claim.level,
        paid_on=claim.applied_on + dt.timedelta(days=9), amount="800.00",
    )  # fmt: skip
    overlaps.look(by=Actor(os_user="tester", command="pytest"), at=at)
    figures.refresh("subsidies", 2024, at=at)
    page = dashboard.of(boss, Office.objects.get(code="220000"), "subsidies", 2024, timezone.localdate(at))
    assert differences(client, all_cells(page)) == []
    count, wrong = walked(client, "/admin/?scheme=subsidies&year=2024")
    assert (count > 10, wrong) == (True, [])
    found = page.panels[0].context["overlaps"]
    assert [(cell.label, cell.units, cell.amount) for cell in found] == [("待核实或追回", 1, 800)]
    levels = page.panels[0].context["granted"]
    assert [cell.label for cell in levels] == ["初级（五级）", "中级（四级）", "高级（三级）"]
    assert sum(cell.units for cell in levels) == page.funnel[0].units > 0
    assert page.reasons
