"""`setup` and `add_working_days`, as an operator runs them (contract 5)."""

from __future__ import annotations

import datetime
import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import DatabaseError, transaction
from django.test import override_settings

from caseworks.base.enums import Role
from caseworks.law import policies, training
from caseworks.law.models import CalendarYear, Policy, TrainingMark
from caseworks.people.models import Appointment, Office, Person

D = datetime.date.fromisoformat
PASSWORD = "chalk-and-board-7"


def run(name: str, *args: str) -> list[str]:
    out = io.StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue().splitlines()


def refusal(name: str, *args: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as caught:
        run(name, *args)
    return caught.value.returncode, str(caught.value)


@pytest.fixture
def training_room(settings: Any) -> None:
    settings.TRAINING = True
    settings.TRAINING_PASSWORD = PASSWORD


@pytest.mark.django_db
def test_a_new_bureau_gets_offices_calendar_and_drafts() -> None:
    lines = run("setup")
    assert [line.split("：")[0] for line in lines] == ["机构", "日历", "政策", "通知模板"]
    assert Office.objects.filter(level="city").count() >= 9
    assert list(CalendarYear.objects.values_list("year", flat=True)) == list(range(2026, 2018, -1))
    assert set(Policy.objects.values_list("status", flat=True)) == {"draft"}
    rows = Policy.objects.filter(scheme="refunds")
    years = Counter(rows.values_list("region", "year"))
    assert set(years) == {(region, year) for region in ("", "22") for year in range(2021, 2027)}
    assert {year for (_region, year), count in years.items() if count == 2} == {2022, 2025}
    assert set(Policy.objects.values_list("drafted_label", flat=True)) == {f"os:{_user()} manage.py setup"}
    assert not Person.objects.exists()
    assert not training.is_training()


def _user() -> str:
    import os
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


@pytest.mark.django_db
def test_again_changes_nothing() -> None:
    run("setup")
    before = list(Policy.objects.order_by("pk").values())
    assert run("setup") == [
        "机构：新建 0 个",
        "日历：新录入 0 年",
        "政策：新建 0 条，其中生效 0 条、草稿 0 条",
        "通知模板：新建 0 个",
    ]
    assert list(Policy.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_what_people_changed_stays() -> None:
    run("setup")
    Policy.objects.filter(scheme="refunds", region="22", year=2024).update(title="本地改过的名称")
    CalendarYear.objects.filter(year=2026).update(source_note="本地改过")
    run("setup")
    assert Policy.objects.get(scheme="refunds", region="22", year=2024).title == "本地改过的名称"
    assert CalendarYear.objects.get(year=2026).source_note == "本地改过"


@pytest.mark.django_db
def test_a_training_database_has_its_rows_in_force_and_its_people(training_room: None) -> None:
    assert run("setup")[0] == "训练库：已标记（此后 CASEWORKS_TRAINING 须一直设置）"
    assert training.is_training()
    drafts = Policy.objects.drafts().values_list("scheme", "region", "year", "version")
    assert sorted(drafts) == [("refunds", "", 2025, 2), ("refunds", "22", 2025, 2)]  # the rise waits for two people
    assert not Policy.objects.in_force().exclude(training=True).exists()
    held = Appointment.objects.values_list("person__username", "role", "office__level")
    assert sorted(held) == sorted(
        (f"training-{role}", role, "province")
        for role in ("clerk", "reviewer", "approver", "cashier", "supervisor", "auditor", "administrator")
    )
    assert Person.objects.get(username="training-clerk").check_password(PASSWORD)
    assert not Person.objects.filter(must_change_password=True).exists()
    again = run("setup")
    assert "训练人员：新建 0 人" in again
    assert "政策：新建 0 条，其中生效 0 条、草稿 0 条" in again


@pytest.mark.django_db
def test_the_rows_that_the_sample_is_screened_with_are_found(training_room: None) -> None:
    run("setup")
    for year, as_of in ((2024, "2024-06-28"), (2025, "2025-06-30"), (2025, "2025-12-31"), (2023, "2023-05-01")):
        row = policies.for_screening("refunds", year, "22", D(as_of))
        assert (row.region, row.year, row.version) == ("22", year, 1)
        figures = policies.parameters(row).to_figures()
        assert [figures[n].shown for n in ("ratio_large", "ratio_sme", "layoff_ceiling")] == ["30%", "60%", "5.5%"]
    ceiling = policies.for_screening("refunds", 2021, "2201", D("2021-08-01")).figures_dict()["layoff_ceiling"]
    assert ceiling.shown == "6%"
    assert policies.for_screening("dispatch", 2024, "220102", D("2024-06-28")).region == "22"
    assert policies.for_screening("subsidies", 2024, "22", D("2024-02-01")).region == "22"


@pytest.mark.django_db
@pytest.mark.parametrize(("as_of", "large", "sme"), [("2022-05-30", "30%", "60%"), ("2022-05-31", "50%", "90%")])
def test_2022_rose_in_the_middle_of_the_year(training_room: None, as_of: str, large: str, sme: str) -> None:
    run("setup")
    for region in ("", "22", "2201"):
        found = policies.for_screening("refunds", 2022, region, D(as_of)).figures_dict()
        assert (found["ratio_large"].shown, found["ratio_sme"].shown) == (large, sme)


@pytest.mark.django_db
def test_2025_jilin_has_the_figures_of_2024(training_room: None) -> None:
    run("setup")
    shown = [
        {n: f.shown for n, f in policies.for_screening(scheme, year, "22", D(f"{year}-12-31")).figures_dict().items()}
        for year in (2024, 2025)
        for scheme in ("refunds", "dispatch", "subsidies")
    ]
    assert shown[:3] == shown[3:]


@pytest.mark.django_db
def test_the_training_mark_is_set_on_an_empty_database_only(settings: Any) -> None:
    run("setup")
    settings.TRAINING = True
    code, words = refusal("setup")
    assert code == 1
    assert "数据库里已有数据，不能标记为训练库，未作任何更改" in words
    assert not TrainingMark.objects.exists()
    assert not training.is_training()
    assert not Person.objects.exists()


@pytest.mark.django_db
def test_the_mark_and_the_variable_are_both_needed(training_room: None) -> None:
    run("setup")
    with override_settings(TRAINING=False):
        assert not training.is_training()
        assert "按正式库处理" in run("setup")[0]
    assert training.is_training()
    with pytest.raises(DatabaseError), transaction.atomic():
        TrainingMark.objects.all().delete()


@pytest.mark.django_db
def test_training_staff_without_a_password_cannot_sign_in(training_room: None, settings: Any) -> None:
    settings.TRAINING_PASSWORD = ""
    assert run("setup")[-1] == "训练人员：没有设置 CASEWORKS_TRAINING_PASSWORD，新建的人员不能登录"
    assert not Person.objects.get(username="training-clerk").has_usable_password()
    settings.TRAINING_PASSWORD = PASSWORD
    run("setup")
    assert Person.objects.get(username="training-clerk").check_password(PASSWORD)


@pytest.mark.django_db
def test_a_training_password_that_is_too_weak_leaves_nothing_behind(training_room: None, settings: Any) -> None:
    settings.TRAINING_PASSWORD = "1234"
    code, words = refusal("setup")
    assert (code, words.splitlines()[0]) == (1, "密码不符合要求，未作任何更改。")
    assert training.occupied_tables() == []


@pytest.mark.django_db
def test_the_first_administrator_gets_a_password_to_be_changed() -> None:
    line = run("setup", "--administrator", "wang")[-1]
    person = Person.objects.get()
    assert person.check_password(line.split("一次性密码 ")[1].split("（")[0])
    assert person.must_change_password
    assert list(Appointment.objects.values_list("role", flat=True)) == [Role.ADMINISTRATOR]
    assert run("setup", "--administrator", "wang")[-1] == "系统管理员：wang 已在任，未作更改"
    code, words = refusal("setup", "--administrator", "li")
    assert (code, words.startswith("已有系统管理员，未作任何更改")) == (1, True)


# -- add_working_days


@pytest.mark.django_db
def test_add_working_days_says_the_date_and_whether_it_is_provisional() -> None:
    run("setup")
    assert run("add_working_days", "2024-08-30", "30") == ["2024-10-17"]
    assert run("add_working_days", "2026-11-20", "29") == ["2026-12-31"]
    assert run("add_working_days", "2026-11-20", "30") == ["2027-01-04 provisional"]
    assert run("add_working_days", "2024-06-30", "0") == ["2024-06-30"]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """A command as the shell runs it: its exit code, stdout and stderr."""

    def run_it(*argv: str) -> tuple[int, str, str]:
        command = load_command_class(get_commands()[argv[0]], argv[0])
        code = 0
        try:
            command.run_from_argv(["manage.py", *argv])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_it


@pytest.mark.django_db
@pytest.mark.parametrize(
    "argv",
    [("2024-02-30", "1"), ("2024-8-1", "1"), ("soon", "1"), ("2024-08-30", "-1"), ("2024-08-30", "x"), ("2024-08-30",)],
)
def test_a_wrong_argument_exits_2(
    shell: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)
    code, out, err = shell("add_working_days", *argv)
    assert (code, out) == (2, "")
    assert "usage:" in err


@pytest.mark.django_db
def test_a_refusal_exits_1_with_the_reason_on_stderr(
    shell: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)
    code, out, err = shell("add_working_days", "9999-12-30", "30")
    assert (code, out) == (1, "")
    assert err.strip() == "9999-12-30 之后 30 个工作日超出日历范围。"
