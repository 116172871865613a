"""Every table that is taken away from a list is on record: who, when, which filter, how many rows; found in 办理痕迹. (N6.2)"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from caseworks.base.models import Run
from caseworks.oversight import traces
from caseworks.oversight.lists import all_lists
from caseworks.registry.downloads import recorded
from tests.architecture import addresses
from tests.money.conftest import Cases, Staff
from tests.money.test_pages import page
from tests.people.builders import person

LISTS = (
    "registry:unit_export", "money:batch_export", "money:payment_export", "money:use_export", "money:left_export",
    "money:recovery_export", "money:ledger_export", "refunds:assessment_export", "refunds:difference_export",
    "dispatch:application_export", "dispatch:host_export", "dispatch:obligation_export", "subsidies:claim_export",
)  # fmt: skip
# with a row of their own behind them: a month of a statement, a screening's changes, a table
OF_ONE = ("money:reconciliation_export", "refunds:change_export", "subsidies:statistics_export")


def taken(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_no_export_is_forgotten_here() -> None:
    found = {address.name for address in addresses() if address.mark == "export.make"}
    assert found == {*LISTS, *OF_ONE}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_each_list_leaves_a_record(cases: Cases, staff: Staff, form: str) -> None:
    cases.send(cases.some(1, 2))
    clerk = page(staff.clerk)
    for name in LISTS:
        query = "" if name.startswith("refunds:") else "year=2024"  # nothing was screened in any year
        taken(clerk.get(f"{reverse(name, args=[form])}?{query}"))
        run = Run.objects.latest("pk")
        assert (run.kind, run.state, run.person) == ("export", "done", staff.clerk.person), name
        assert run.key == reverse(name, args=[form])
        assert run.summary["query"] == query
    assert Run.objects.filter(kind="export").count() == len(LISTS)
    rows = {run.key.split("/")[2]: run.summary["rows"] for run in Run.objects.filter(kind="export")}
    assert (rows["batches"], rows["payments"], rows["units"]) == (1, 2, 2)


def test_the_supervisors_lists_leave_one_too(cases: Cases, staff: Staff) -> None:
    cases.some(1, 2)
    boss = page(type(staff.clerk).of_person(person("boss", "supervisor")))
    for name in all_lists():
        taken(boss.get(reverse("admin:oversight_export", args=[name])))
        assert Run.objects.latest("pk").key == reverse("admin:oversight_export", args=[name])
    assert Run.objects.filter(kind="export").count() == len(all_lists())


def test_who_did_what_tells_it(cases: Cases, staff: Staff) -> None:
    cases.send(cases.some(1, 2))
    taken(page(staff.clerk).get(reverse("money:payment_export", args=["xlsx"]) + "?year=2024&status=sent"))
    boss, on = person("boss", "supervisor"), timezone.localdate()
    rows, _ = traces.page(traces.Query(on, on, source="run"), boss, on)
    assert [(row.what, row.actor, row.words) for row in rows if row.what.startswith("导出")] == [
        ("导出已完成", "clerk-a（clerk-a）", "共 2 行；政策年度：2024；状态：已送银行")
    ]
    assert rows[0].about.startswith("支付_")


def test_numbers_of_persons_are_kept_masked(staff: Staff) -> None:
    request = RequestFactory().get(
        "/", {"text": "22010219900307123X", "phone": "13812345678", "uscc": "91220102MA0000001A"}
    )
    request.user = staff.clerk.person
    at = dt.datetime(2024, 7, 1, tzinfo=dt.UTC)
    recorded(request, "试", 0, lambda: None, at)  # type: ignore[arg-type,return-value]
    kept = QueryDict(Run.objects.get(kind="export").summary["query"])
    assert kept.dict() == {"text": "220***********123X", "phone": "138****5678", "uscc": "91220102MA0000001A"}


def test_what_was_not_made_is_not_told_as_taken(staff: Staff) -> None:
    clerk = page(staff.clerk)
    assert clerk.get("/desk/payments/export.exe").status_code == 404
    assert clerk.get(reverse("money:payment_export", args=["xlsx"]) + "?year=x").status_code == 302
    assert not Run.objects.filter(kind="export").exists()
