"""Each page of /admin/ by each role: who reads it, who does not; nobody changes money or states there. (N6.2, N7.2)"""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from caseworks.base.enums import Role
from caseworks.oversight import health
from caseworks.oversight.lists import all_lists
from caseworks.oversight.urls import patterns
from caseworks.people.models import Person
from tests.refunds_pages.conftest import policy_of
from tests.refunds_pages.staff import make_person

SUPERVISOR, AUDITOR, ADMINISTRATOR = Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR
READERS = {SUPERVISOR, AUDITOR}
EVERYBODY = {SUPERVISOR, AUDITOR, ADMINISTRATOR}
PEOPLE = {AUDITOR, ADMINISTRATOR}

#: our pages: who opens each; those that answer a POST alone are asked so
PAGES: dict[str, tuple[set[Role], dict[str, object]]] = {
    "index": (EVERYBODY, {}),
    "oversight_refresh": ({SUPERVISOR}, {}),
    "oversight_refreshing": (READERS, {"scheme": "refunds", "year": 2024}),
    "oversight_fund": (READERS, {}),
    "oversight_trial": ({SUPERVISOR}, {}),
    "oversight_trial_detail": (READERS, {"pk": 1}),
    "oversight_trial_progress": (READERS, {"pk": 1}),
    "oversight_traces": (READERS, {}),
    "oversight_exports": (READERS, {}),
    "oversight_export_ask": ({SUPERVISOR}, {}),
    "oversight_export_decide": ({SUPERVISOR}, {"pk": 1}),
    "oversight_export_file": ({SUPERVISOR}, {"pk": 1}),
    "oversight_list": (READERS, {"name": "cases"}),
    "oversight_totals": (READERS, {"name": "cases"}),
    "oversight_export": ({SUPERVISOR}, {"name": "cases"}),
}
#: the rooms of the admin: who looks at the list, who may add to it
ROOMS: dict[str, tuple[set[Role], set[Role]]] = {
    "law_policy": (READERS, {SUPERVISOR}),
    "law_calendaryear": (READERS, {SUPERVISOR}),
    "law_deadline": (READERS, set()),
    "people_person": (PEOPLE, {ADMINISTRATOR}),
    "people_office": (PEOPLE, {ADMINISTRATOR}),
    "people_appointment": (PEOPLE, {ADMINISTRATOR}),
    "people_standin": (PEOPLE, {ADMINISTRATOR}),
    "people_unitaccount": (PEOPLE, {ADMINISTRATOR}),
    "people_signin": (PEOPLE, set()),
    "base_noticetemplate": (READERS, set()),  # new versions are made on the page of the latest
    "auth_group": (set(), set()),  # roles take its place
}


@pytest.fixture
def browser(db: None, request: pytest.FixtureRequest) -> Client:
    """Somebody of a role at the province's office."""
    client = Client()
    client.force_login(make_person(request.param), "caseworks.people.backends.RoleBackend")
    policy_of(2024)
    return client


def status_of(client: Client, address: str) -> int:
    status = client.get(address).status_code
    return client.post(address).status_code if status == 405 else status


def test_every_task_of_the_clock_has_a_name_in_words() -> None:
    scheduled = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled == set(health.WORDS)


def test_every_page_is_in_the_table() -> None:
    assert {str(pattern.name) for pattern in patterns(lambda view: view)} | {"index"} == set(PAGES)
    rooms = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert {name for name in rooms if not name.startswith("django_celery_beat")} == set(ROOMS)


@pytest.mark.parametrize("browser", list(Role), indirect=True)
def test_who_opens_which_page(browser: Client) -> None:
    role = Role(Person.objects.exclude(username="signer").get().username.split("-")[0])
    wrong = {}
    for name, (readers, args) in PAGES.items():
        status = status_of(browser, reverse(f"admin:{name}", kwargs=args))
        if (status in (200, 302, 404)) != (role in readers) and not (role not in EVERYBODY and status == 302):
            wrong[name] = status
    for name, (readers, adders) in ROOMS.items():
        for action, holders in (("changelist", readers), ("add", adders)):
            status = browser.get(reverse(f"admin:{name}_{action}")).status_code
            if (status == 200) != (role in holders):
                wrong[f"{name} {action}"] = status
    assert wrong == {}


@pytest.mark.parametrize("browser", [SUPERVISOR, AUDITOR], indirect=True)
def test_lists_are_read_only(browser: Client) -> None:
    for name in all_lists():
        page = browser.get(reverse("admin:oversight_list", args=[name]))
        assert page.status_code == 200
        assert 'method="post"' not in page.content.decode().split("<main")[1]
        assert browser.post(reverse("admin:oversight_list", args=[name])).status_code == 405


@pytest.mark.parametrize("browser", [ADMINISTRATOR], indirect=True)
def test_an_administrator_sees_no_case_and_no_money(browser: Client) -> None:
    page = browser.get("/admin/").content.decode()
    for word in ("业务查询", "金额", "判定", "拨付"):
        assert word not in page.split("<main")[1], word
    assert "系统运行" in page
