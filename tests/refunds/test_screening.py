"""Screening: what is written, what is left alone, what is refused. (N5.1, issue section 4)"""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run, RunState
from caseworks.cases.models import Case
from caseworks.people.models import Office
from caseworks.registry.models import Contribution, Unit
from refunds import freshness, screening, summaries
from refunds.enums import ChangeKind
from refunds.models import Assessment, AssessmentChange, ScreeningRun
from refunds.reach import Reach
from tests.children import database_url
from tests.refunds.build import a_year, make_unit, record
from tests.refunds.conftest import AS_OF, AT, OPERATOR

pytestmark = pytest.mark.django_db(transaction=True)


def screen(region: str = "", year: int = 2024) -> ScreeningRun:
    return screening.run(year, region, AS_OF, OPERATOR, AT)


@pytest.fixture
def three(bureau: None) -> list[Unit]:
    """Units in Changchun, Jilin city and Meihekou, each with a full year."""
    units = [make_unit(number, region) for number, region in ((1, "220102"), (2, "220202"), (3, "220581"))]
    for unit in units:
        a_year(unit.uscc)
    return units


def stored(**only: Any) -> dict[str, tuple[str, list[str], Decimal]]:
    return {row.uscc: (row.outcome, row.reasons, row.amount) for row in Assessment.objects.filter(**only)}


def test_every_unit_gets_a_judgement_and_the_second_time_nothing_changes(three: list[Unit]) -> None:
    first = screen()
    good = ("eligible", [], Decimal("720.00"))
    assert stored() == {unit.uscc: good for unit in three}
    assert first.written["new"] == 3
    assert first.totals["outcomes"]["eligible"] == {"units": 3, "amount": "2160.00"}
    before = list(Assessment.objects.order_by("pk").values())
    second = screen()
    assert second.written == {
        "new": 0, "changed": 0, "gone": 0, "unchanged": 3, "in_review": 0, "in_review_differing": 0,
    }  # fmt: skip
    assert list(Assessment.objects.order_by("pk").values()) == before
    assert not AssessmentChange.objects.exists()
    assert second.previous == first
    assert Run.objects.of("screening").first().state == RunState.DONE  # type: ignore[union-attr]


def test_a_region_screens_its_units_only(three: list[Unit]) -> None:
    screen("2202")
    assert list(stored()) == [three[1].uscc]


def test_meihekou_has_an_office_of_its_own(three: list[Unit]) -> None:
    screen()
    row = Assessment.objects.get(uscc=three[2].uscc)
    assert row.office == Office.objects.get(regions__prefix="220581")


def test_what_changed_is_told_unit_by_unit(three: list[Unit]) -> None:
    screen()
    Contribution.objects.filter(uscc=three[0].uscc, period="2023-07").update(paid=0, paid_on=None)
    late = make_unit(9, "220202")
    a_year(late.uscc)
    second = screen()
    changes = {change.uscc: change for change in AssessmentChange.objects.all()}
    assert {uscc: change.kind for uscc, change in changes.items()} == {
        three[0].uscc: ChangeKind.CHANGED, late.uscc: ChangeKind.NEW,
    }  # fmt: skip
    change = changes[three[0].uscc]
    assert (change.before["outcome"], change.after["outcome"]) == ("eligible", "ineligible")
    assert change.after["reasons"] == ["months_insufficient", "in_arrears"]
    assert (second.written["changed"], second.written["new"], second.written["unchanged"]) == (1, 1, 2)
    assert summaries.movements(second) == [("", "eligible", 1), ("eligible", "ineligible", 1)]


def test_what_is_in_review_is_not_touched_and_said(three: list[Unit]) -> None:
    screen()
    row = Assessment.objects.get(uscc=three[0].uscc)
    with connection.cursor() as cursor:  # any case will do: review opens them
        cursor.execute("UPDATE refunds_assessment SET case_id = 1 WHERE id = %s", [row.pk])
    before = Assessment.objects.filter(pk=row.pk).values().get()
    Contribution.objects.filter(uscc=row.uscc, period="2023-07").update(paid=0, paid_on=None)
    again = screen()
    assert Assessment.objects.filter(pk=row.pk).values().get() == before
    assert (again.written["in_review"], again.written["in_review_differing"], again.written["changed"]) == (1, 1, 0)
    assert not AssessmentChange.objects.exists()


def test_a_unit_that_moved_is_judged_where_it_is_and_one_that_is_gone_loses_its_judgement(three: list[Unit]) -> None:
    a_year(make_unit(4, "220103").uscc)
    screen()
    place = Unit.objects.get(pk=three[1].pk)
    Unit.objects.filter(pk=three[0].pk).update(
        region=place.region, office_id=place.office_id, city_office_id=place.city_office_id
    )
    Unit.objects.filter(pk=three[2].pk).delete()
    screen("2201")
    assert Assessment.objects.get(uscc=three[0].uscc).region == "220202"
    assert Assessment.objects.filter(uscc=three[2].uscc).exists()  # not of this region
    screen()
    assert not Assessment.objects.filter(uscc=three[2].uscc).exists()
    gone = AssessmentChange.objects.get(kind=ChangeKind.GONE)
    assert (gone.uscc, gone.before["outcome"], gone.after) == (three[2].uscc, "eligible", None)


def test_streamed_equals_single(bureau: None) -> None:
    shapes: list[dict[str, Any]] = [
        {}, {"size": ""}, {"size": "large"}, {"unit_type": "other"}, {"unit_type": "government"},
        {"dispatch_licence": "L1"}, {"status": "suspended"}, {"name": "带\t制表符和\\反斜杠的劳务公司"},
    ]  # fmt: skip
    for number, shape in enumerate(shapes):
        unit = make_unit(number, "220102" if number % 2 else "222401", **shape)
        a_year(unit.uscc, months=range(1, 13 - number % 3))
    screen()
    for row in Assessment.objects.all():
        live = screening.judge_live(row.uscc, 2024, AS_OF)
        assert live is not None
        judgement = live.judgement
        assert (row.outcome, row.reasons, row.flags) == (judgement.outcome, judgement.codes, list(judgement.flags))
        assert (row.net_reduction, row.layoff_rate, row.ratio, row.amount) == (
            judgement.net_reduction, judgement.layoff_rate, judgement.ratio, judgement.amount,
        )  # fmt: skip
        assert row.name == live.found.facts.name
    assert screening.judge_live("91000000000000000X", 2024, AS_OF) is None


def test_two_at_once_one_is_refused(three: list[Unit]) -> None:
    with runs.exclusive("screening:2024", "2024 年度的筛查"), pytest.raises(Refusal, match="正在进行"):
        screen()
    assert not Assessment.objects.exists()
    assert Run.objects.of("screening").get().state == RunState.REFUSED
    screen()
    assert len(stored()) == 3


def test_two_threads_at_once_leave_one_result(three: list[Unit]) -> None:
    outcomes: list[str] = []

    def go() -> None:
        try:
            screen()
            outcomes.append("done")
        except Refusal:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "done" in outcomes
    assert set(outcomes) <= {"done", "refused"}
    assert len(stored()) == 3


_KILLED = """
import django; django.setup()
import datetime, os, signal
from refunds import assessments, screening
from tests.refunds.conftest import AS_OF, AT, OPERATOR
write = assessments.write
calls = []
def dying(lines, cause, *, fresh, **more):
    calls.append(1)
    if len(calls) == 2:
        def cut():
            for line in lines:
                yield line
                os.kill(os.getpid(), signal.SIGKILL)
        return write(cut(), cause, fresh=fresh, **more)
    return write(lines, cause, fresh=fresh, **more)
assessments.write = dying
screening.run(2024, "", AS_OF, OPERATOR, AT)
"""


def test_killed_in_the_middle_the_next_run_finishes_it(three: list[Unit]) -> None:
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "caseworks.settings", "CASEWORKS_DEBUG": "1",
        "DATABASE_URL": database_url(),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", _KILLED], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(stored()) == 1  # the first city is whole, the second left nothing
    for _ in range(50):  # the killed process's sessions end by themselves
        try:
            again = screen()
            break
        except Refusal:
            time.sleep(0.1)
    assert len(stored()) == 3
    assert (again.written["new"], again.written["unchanged"]) == (2, 1)
    lost = Run.objects.of("screening").exclude(pk=again.run_id).order_by("pk").first()
    assert lost is not None
    assert runs.settle(lost, AT + datetime.timedelta(days=3000)).state == RunState.INTERRUPTED


def test_without_a_row_of_december_it_refuses(bureau: None) -> None:
    unit = make_unit(1)
    a_year(unit.uscc, months=range(1, 12))
    elsewhere = make_unit(2, "220202")
    a_year(elsewhere.uscc)
    with pytest.raises(Refusal, match="2023 年 12 月"):
        screen("2201")
    with pytest.raises(Refusal, match="2029 年 12 月"):
        freshness.guard(2029, Reach())
    assert not ScreeningRun.objects.exists()
    assert screen().written["new"] == 2


def test_a_thin_month_is_warned_about(bureau: None) -> None:
    for number in range(10):
        unit = make_unit(number)
        a_year(unit.uscc, months=range(1, 13 if number < 7 else 12))
    done = screen()
    assert [month["period"] for month in done.freshness["months"] if month["incomplete"]] == ["2023-12"]
    assert done.freshness["warnings"] == [
        "2023-12 正常应缴记录 7 条，不足各月中位数的 80%，数据可能不完整。请核对后补导入再筛查。"
    ]


def test_without_a_policy_in_force_it_refuses_and_names_what_is_missing(bureau: None) -> None:
    unit = make_unit(1)
    a_year(unit.uscc, 2029)
    with pytest.raises(Refusal, match="缺少生效的政策：2030 年度稳岗返还"):
        screen(year=2030)
    assert not ScreeningRun.objects.exists()


def test_before_its_first_day_a_policy_is_not_in_force(three: list[Unit]) -> None:
    with pytest.raises(Refusal, match="缺少生效的政策"):
        screening.run(2024, "", datetime.date(2023, 6, 1), OPERATOR, AT)


@pytest.mark.parametrize("region", ["2x", "2200000"])
def test_a_region_that_is_none_is_refused(bureau: None, region: str) -> None:
    with pytest.raises(Refusal, match="行政区划前缀"):
        screen(region)


def test_the_command_says_a_line_an_outcome_and_exits_by_the_contract(
    three: list[Unit], tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28", "--region", "2201")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "ineligible: 0 units, 0.00 yuan", "apply: 0 units, 0.00 yuan", "manual: 0 units, 0.00 yuan",
        "eligible: 1 units, 720.00 yuan",
    ]  # fmt: skip
    with pytest.raises(CommandError) as refused:
        call_command("screen_refunds", "2030")
    assert refused.value.returncode == 1
    with pytest.raises(CommandError) as unknown:
        call_command("export_results", "nothing", "2024", str(tmp_path / "o.csv"))
    assert unknown.value.returncode == 2
    with pytest.raises(CommandError) as empty:
        call_command("export_results", "refunds", "2021", str(tmp_path / "o.csv"))
    assert empty.value.returncode == 1
    assert not list(tmp_path.iterdir())
    assert Case.objects.count() == 0


def test_december_of_a_suspended_unit_is_judged_with_zero(bureau: None) -> None:
    unit = make_unit(1, status="suspended")
    a_year(unit.uscc, months=range(1, 12))
    other = make_unit(2)
    record(other.uscc, "2023-12")
    screen()
    row = Assessment.objects.get(uscc=unit.uscc)
    assert (row.outcome, row.reasons) == ("ineligible", ["months_insufficient", "layoff_rate_exceeded"])
    assert (row.closing_headcount, row.net_reduction, row.layoff_rate) == (None, 10, Decimal("1.0000"))
