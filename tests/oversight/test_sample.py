"""The sample province, carried to the bank and partly returned: every figure is the list behind it."""

from __future__ import annotations

import csv
from pathlib import Path

from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from caseworks.oversight import dashboard, figures
from caseworks.people.models import Office, Person
from tests.journeys.conftest import exported, screened
from tests.oversight.lists import differences
from tests.refunds_pages.staff import make_person

__all__ = ["screened"]


def signed_in(role: str, office: str = "220000") -> tuple[Client, Person]:
    """A supervisor's browser."""
    person = make_person(role, office)
    client = Client()
    client.force_login(person, "caseworks.people.backends.RoleBackend")
    return client, person


def bank(folder: Path) -> None:
    """The bank pays most, and returns every seventh for one of two causes."""
    sent = [row for row in exported("payments", folder) if row["status"] == "sent"]
    path = folder / "results.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["payment_no", "result", "on", "reason"])
        for number, row in enumerate(sent):
            if number % 7 == 0:
                cause = "账号户名不符" if number % 2 else "账户已销户"
                writer.writerow([row["payment_no"], "returned", "2024-07-11", cause])
            elif number % 5:
                writer.writerow([row["payment_no"], "paid", f"2024-0{7 + number % 2}-10", ""])
    call_command("import_bank_results", str(path))


def test_every_figure_is_the_list_behind_it(screened: Path, tmp_path: Path) -> None:
    call_command("rehearse", "2024", "--scheme", "refunds")
    bank(tmp_path)
    at = timezone.now()
    assert figures.refresh("refunds", 2024, at=at) > 100
    on = timezone.localdate(at)
    client, boss = signed_in("supervisor")
    city = Office.objects.get(code="220100")
    county = Office.objects.filter(parent=city).order_by("code")[0]
    for office in (Office.objects.get(code="220000"), city, county):
        page = dashboard.of(boss, office, "refunds", 2024, on)
        assert differences(client, page.cells()) == [], office
    page = dashboard.of(boss, city.parent or city, "refunds", 2024, on)
    assert [cell.label for cell in page.funnel] == ["判定符合", "已立件", "已审批", "已公示", "公示期满", "已拨付"]
    assert {cell.label for cell in page.causes} == {"账号户名不符", "账户已销户"}
    assert len(page.paid) == 2
    whole = {cell.label: cell.units for cell in page.funnel}
    parts = [child.cells[0].units for child in page.children]
    assert sum(parts) == whole["判定符合"] > 0


def test_a_city_sees_its_own_and_no_other(screened: Path) -> None:
    figures.refresh("refunds", 2024, at=timezone.now())
    client, _ = signed_in("supervisor", "220200")
    mine, other = Office.objects.get(code="220200"), Office.objects.get(code="220100")
    page = client.get("/admin/").context["page"]
    assert page.office == mine
    assert client.get(f"/admin/?office={mine.pk}").status_code == 200
    assert client.get(f"/admin/?office={other.pk}").status_code == 404
    assert differences(client, page.cells()) == []
