"""The supervisors' pages for policy and calendar, as a browser uses them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from caseworks.base.enums import Role
from caseworks.law import admin, calendar_files, calendars, comparing, policies
from caseworks.law.models import CalendarYear, Policy
from caseworks.law.workdays import Calendar
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from tests.law.test_calendars import DAYS_2027
from tests.law.test_policies import a_draft

D = datetime.date.fromisoformat


def browser(person: Person | Actor | None) -> Client:
    client = Client()
    if isinstance(person, Actor):
        person = person.person
    assert person is not None
    client.force_login(person, backend="caseworks.people.backends.RoleBackend")
    return client


def fields(html: str) -> dict[str, Any]:
    """Every field of the change form with its value, as a browser would post it again."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", html):
        attrs = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attrs.get("type") == "checkbox" and re.search(r"\schecked[\s>]", tag):
            found.setdefault(attrs["name"], []).append(attrs.get("value", "on"))
        elif attrs.get("name") and attrs.get("type") not in ("submit", "checkbox", "file"):
            found[attrs["name"]] = attrs.get("value", "")
    for name, body in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', html, re.S):
        found[name] = body.strip()
    for name, body in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        found[name] = chosen.group(1) if chosen else ""
    return found


def row_of(html: str, policy: Policy, name: str) -> str:
    """The prefix of a figure's row in the form."""
    wanted = policy.figures.get(name=name).pk
    found = re.search(rf'name="(figures-\d+)-id" value="{wanted}"', html)
    assert found, name
    return found.group(1)


def change_url(policy: Policy) -> str:
    return reverse("admin:law_policy_change", args=[policy.pk])


def errors(html: str) -> list[str]:
    return re.findall(r'<ul class="errorlist[^"]*"[^>]*>\s*<li>(.*?)</li>', html, re.S)


# -- policy


def test_a_draft_is_changed_and_its_changer_becomes_the_drafter(drafter: Actor, signer: Actor) -> None:
    policy = a_draft(drafter)
    page = browser(signer).get(change_url(policy)).content.decode()
    assert "裁员率控制目标（比例）" in page
    posted = fields(page)
    posted[row_of(page, policy, "ratio_sme") + "-value"] = "90%"
    posted["title"] = "改过的名称"
    answer = browser(signer).post(change_url(policy), posted)
    assert answer.status_code == 302, errors(answer.content.decode())
    policy.refresh_from_db()
    assert (policy.title, policy.drafted_by) == ("改过的名称", signer.person)
    assert policy.figures.get(name="ratio_sme").number == Decimal("0.9")
    assert policy.figures.get(name="layoff_ceiling").number == Decimal("0.055")
    assert policy.figures.get(name="excluded_types").text == "government;public_institution"
    assert policy.documents[0] == {"number": "吉人社联〔2024〕43号", "title": "", "date": "2024-05-21"}


@pytest.mark.parametrize(
    ("figure", "value", "words"),
    [
        ("ratio_sme", "600", "比例应在 0 与 1 之间（30% 写作 0.3），现为 600"),
        ("ratio_sme", "600%", "比例应在 0 与 1 之间（30% 写作 0.3），现为 6"),
        ("ratio_sme", "", "不能为空"),
        ("ratio_sme", "六成", "应为数字，现为 六成"),
        ("ratio_sme", "NaN", "数字太大"),
        ("months_required", "12.5", "应为整数，现为 12.5"),
        ("excluded_types", "bank", "选择一个有效的选项"),
        ("layoff_formula", "by_heart", "选择一个有效的选项"),
        ("dispatch_words", "劳务" * 300, "文字不能超过 500 个字"),
        ("paid_by", "2024-13-01", "日期应为 YYYY-MM-DD，现为 2024-13-01"),
        ("rule.listed", "2", "选择一个有效的选项"),
    ],
)
def test_a_wrong_figure_is_refused_by_the_form(drafter: Actor, figure: str, value: str, words: str) -> None:
    policy = a_draft(drafter)
    client = browser(drafter)
    page = client.get(change_url(policy)).content.decode()
    posted = fields(page)
    posted[row_of(page, policy, figure) + "-value"] = value
    answer = client.post(change_url(policy), posted)
    assert answer.status_code == 200
    assert any(words in error for error in errors(answer.content.decode())), errors(answer.content.decode())
    assert policy.figures.get(name="ratio_sme").number == Decimal("0.6")


def test_an_end_before_the_start_is_refused_by_the_form(drafter: Actor) -> None:
    policy = a_draft(drafter)
    client = browser(drafter)
    posted = fields(client.get(change_url(policy)).content.decode())
    posted["effective_to"] = "2023-12-31"
    answer = client.post(change_url(policy), posted)
    assert "受理止不能早于施行起。" in errors(answer.content.decode())
    policy.refresh_from_db()
    assert policy.effective_to == D("2024-12-31")


def test_documents_are_written_a_line_each(drafter: Actor) -> None:
    policy = a_draft(drafter)
    client = browser(drafter)
    posted = fields(client.get(change_url(policy)).content.decode())
    answer = client.post(change_url(policy), posted | {"documents_text": "| no number | "})
    assert any("缺少文号" in error for error in errors(answer.content.decode()))
    client.post(change_url(policy), posted | {"documents_text": "甲〔2024〕1号｜名称｜2024-05-01\n乙〔2024〕2号"})
    policy.refresh_from_db()
    assert policy.documents == [
        {"number": "甲〔2024〕1号", "title": "名称", "date": "2024-05-01"},
        {"number": "乙〔2024〕2号", "title": "", "date": ""},
    ]


def test_putting_in_force_shows_the_differences_and_needs_the_tick(drafter: Actor, signer: Actor) -> None:
    old = a_draft(drafter, year=2023)
    client = browser(signer)
    for policy in (old, a_draft(drafter)):
        url = reverse("admin:law_policy_force", args=[policy.pk])
        page = client.get(url).content.decode()
        shown = fields(page)
        assert "请先核对并勾选" in client.post(url, shown).content.decode()
        answer = client.post(url, shown | {"checked": "on"}, follow=True).content.decode()
        assert f"“{policy}”已生效。" in answer
    assert "2023-12-31" in page  # against the row of the year before
    assert Policy.objects.in_force().count() == 2
    page = client.get(change_url(old)).content.decode()
    assert "不能修改" in page
    assert 'name="title"' not in page
    assert 'name="_save"' not in page


def test_the_drafter_is_told_and_cannot_sign(drafter: Actor) -> None:
    policy = a_draft(drafter)
    client, url = browser(drafter), reverse("admin:law_policy_force", args=[policy.pk])
    page = client.get(url).content.decode()
    assert "您是最后的起草人" in page
    answer = client.post(url, {"shown": comparing.fingerprint(policy), "checked": "on"}, follow=True)
    assert "请由另一位主管核对并生效" in answer.content.decode()
    policy.refresh_from_db()
    assert policy.status == "draft"


def test_a_draft_that_changed_meanwhile_is_not_put_in_force(drafter: Actor, signer: Actor) -> None:
    policy = a_draft(drafter)
    url = reverse("admin:law_policy_force", args=[policy.pk])
    shown = fields(browser(signer).get(url).content.decode())
    policy.figures.filter(name="ratio_sme").update(number=Decimal("0.9"))
    answer = browser(signer).post(url, shown | {"checked": "on"}, follow=True)
    assert "在您查看之后有改动" in answer.content.decode()
    policy.refresh_from_db()
    assert policy.status == "draft"


def test_a_form_that_was_open_while_the_row_was_put_in_force_changes_nothing(drafter: Actor, signer: Actor) -> None:
    policy = a_draft(drafter)
    client = browser(drafter)
    posted = fields(client.get(change_url(policy)).content.decode())
    policies.put_in_force(policy, by=signer, at=policy.drafted_at)
    assert client.post(change_url(policy), posted | {"title": "late"}).status_code == 403
    policy.refresh_from_db()
    assert policy.title == "22 2024"


def test_a_row_put_in_force_between_the_check_and_the_save_is_kept_by_the_database(
    drafter: Actor, signer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = a_draft(drafter)
    client = browser(drafter)
    posted = fields(client.get(change_url(policy)).content.decode())
    policies.put_in_force(policy, by=signer, at=policy.drafted_at)
    monkeypatch.setattr(admin, "may_edit", lambda request, policy: True)
    answer = client.post(change_url(policy), posted | {"title": "late"})
    assert answer.status_code == 302
    monkeypatch.undo()
    assert "生效后的政策和参数不能再改" in client.get(change_url(policy)).content.decode()
    policy.refresh_from_db()
    assert policy.title == "22 2024"


def test_a_copy_and_a_new_row_start_from_an_existing_one(drafter: Actor) -> None:
    policy = a_draft(drafter)
    client = browser(drafter)
    answer = client.post(reverse("admin:law_policy_copy", args=[policy.pk]), follow=True)
    assert "已复制为草稿" in answer.content.decode()
    assert client.get(reverse("admin:law_policy_copy", args=[policy.pk])).status_code == 405
    new = {
        "source": policy.pk,
        "region": "2201",
        "year": 2027,
        "title": "长春 2027",
        "documents_text": "甲〔2027〕1号",
        "effective_from": "2027-01-01",
        "effective_to": "2027-12-31",
        "note": "",
    }
    page = client.get(reverse("admin:law_policy_add"))
    assert page.status_code == 200
    answer = client.post(reverse("admin:law_policy_add"), new, follow=True)
    assert "已建立草稿" in answer.content.decode()
    made = Policy.objects.get(region="2201")
    assert (made.year, made.version, made.status, made.supersedes) == (2027, 1, "draft", None)
    assert made.figures_dict() == policy.figures_dict()
    refused = client.post(reverse("admin:law_policy_add"), new | {"effective_to": "2026-12-31"})
    assert "受理止不能早于施行起。" in errors(refused.content.decode())
    assert Policy.objects.count() == 3


def test_others_look_or_stay_outside(staff: Callable[..., Person], drafter: Actor) -> None:
    policy = a_draft(drafter)
    force, copy = (reverse(f"admin:law_policy_{name}", args=[policy.pk]) for name in ("force", "copy"))
    auditor, city = browser(staff("eye", Role.AUDITOR)), browser(staff("city", Role.SUPERVISOR, "220100"))
    for client in (auditor, city):
        page = client.get(change_url(policy))
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()
        assert client.get(force).status_code == 403
        assert client.post(force, {"checked": "on"}).status_code == 403
        assert client.post(change_url(policy), {"title": "x"}).status_code == 403
    assert auditor.post(copy, follow=True).status_code == 200  # refused in words
    assert Policy.objects.count() == 1
    clerk = browser(staff("clerk", Role.CLERK))
    assert clerk.get(change_url(policy)).status_code in (302, 403)
    administrator = browser(staff("root", Role.ADMINISTRATOR))
    assert administrator.get(change_url(policy)).status_code in (302, 403)


def test_the_list_is_filtered_by_scheme_year_region_and_status(drafter: Actor) -> None:
    a_draft(drafter)
    a_draft(drafter, year=2023)
    client = browser(drafter)
    page = client.get(
        reverse("admin:law_policy_changelist"), {"year": 2024, "status__exact": "draft", "place": "22"}
    ).content.decode()
    assert "22 2024" in page
    assert "22 2023" not in page
    assert "✎ 草稿" in page


def test_a_draft_is_thrown_away_and_a_row_in_force_is_not(drafter: Actor, signer: Actor) -> None:
    kept, gone = a_draft(drafter), a_draft(drafter, year=2023)
    policies.put_in_force(kept, by=signer, at=kept.drafted_at)
    client = browser(drafter)
    urls = [reverse("admin:law_policy_delete", args=[p.pk]) for p in (kept, gone)]
    assert client.post(urls[0], {"post": "yes"}).status_code == 403
    assert client.post(urls[1], {"post": "yes"}).status_code == 302
    assert list(Policy.objects.all()) == [kept]


# -- calendar


def test_a_year_is_shown_month_by_month(loaded: Calendar, drafter: Actor) -> None:
    page = browser(drafter).get(reverse("admin:law_calendaryear_change", args=[2024])).content.decode()
    assert page.count('class="law-month"') == 12
    assert page.count('class="law-work"') == 8
    assert "国办发明电〔2023〕7号" in page
    assert "style=" not in page
    listed = browser(drafter).get(reverse("admin:law_calendaryear_changelist")).content.decode()
    assert "国办发明电〔2025〕7号" in listed


def test_one_day_is_changed_on_the_page(loaded: Calendar, drafter: Actor) -> None:
    client, url = browser(drafter), reverse("admin:law_calendaryear_change", args=[2026])
    answer = client.post(url, {"day": "2026-12-25", "kind": "off", "name": "临时放假"}, follow=True)
    assert "2026 年日历已更新" in answer.content.decode()
    assert not calendars.current().is_working(D("2026-12-25"))
    wrong = client.post(url, {"day": "2027-01-04", "kind": "off", "name": ""}).content.decode()
    assert "不在 2026 年内" in wrong
    wrong = client.post(url, {"day": "2026-12-24", "kind": "work", "name": ""}).content.decode()
    assert "不是周六或周日" in wrong


def test_a_year_is_imported_from_csv_and_downloaded_again(loaded: Calendar, drafter: Actor) -> None:
    client, url = browser(drafter), reverse("admin:law_calendaryear_add")
    assert client.get(url, {"year": 2027}).status_code == 200
    data = calendar_files.write(DAYS_2027).encode("gb18030")

    def post(content: bytes, **other: object) -> str:
        values = {"year": 2027, "document": "国办发明电〔2026〕0号", "note": "", **other}
        file = SimpleUploadedFile("2027.csv", content, "text/csv")
        return client.post(url, values | {"file": file}, follow=True).content.decode()

    wrong = post(data.replace(b"off", b"rest", 1))
    assert "第 2 行“类型”：类型应为 off（放假）或 work（上班）（rest）" in wrong
    assert "上限 256 KB" in post(b"x" * 300_000)
    assert not CalendarYear.objects.filter(year=2027).exists()
    assert "2027 年日历已更新（15 天），0 个期限重新计算。" in post(data)
    assert "2027 年日历与原来相同，未作更改。" in post(data)
    back = client.get(reverse("admin:law_calendaryear_csv", args=[2027]))
    assert calendar_files.read(back.content, 2027) == DAYS_2027


def test_the_calendar_is_read_by_others_and_changed_by_none_of_them(
    loaded: Calendar, staff: Callable[..., Person]
) -> None:
    url, add = reverse("admin:law_calendaryear_change", args=[2026]), reverse("admin:law_calendaryear_add")
    for person in (staff("eye", Role.AUDITOR), staff("city", Role.SUPERVISOR, "220100")):
        client = browser(person)
        page = client.get(url)
        assert page.status_code == 200
        assert "更改一天" not in page.content.decode()
        assert client.post(url, {"day": "2026-12-25", "kind": "off"}).status_code == 403
        assert client.get(add).status_code == 403
        assert client.post(add, {}).status_code == 403
    assert calendars.current().is_working(D("2026-12-25"))
