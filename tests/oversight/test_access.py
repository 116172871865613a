"""Each page of /admin/ by each role: who reads it, who does not; nobody changes money or states there. (N6.2, N7.2)"""

from __future__ import annotations

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from caseworks.base.enums import Role
from caseworks.base.models import NoticeTemplate
from caseworks.law import policies
from caseworks.law.models import CalendarYear, Deadline, Policy
from caseworks.oversight import health
from caseworks.oversight.lists import all_lists
from caseworks.oversight.urls import patterns
from caseworks.people import appointments
from caseworks.people.actors import Actor
from caseworks.people.models import Office, Person, SignIn
from tests.architecture import addresses
from tests.people.builders import unit_user
from tests.refunds_pages.conftest import policy_of
from tests.refunds_pages.staff import AT, SHELL, make_person

SUPERVISOR, AUDITOR, ADMINISTRATOR = Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR
READERS = {SUPERVISOR, AUDITOR}
EVERYBODY = {SUPERVISOR, AUDITOR, ADMINISTRATOR}

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
NOBODY: set[Role] = set()
#: the rooms of the admin: who looks, who adds, who changes a row, who takes one away
ROOMS: dict[str, tuple[set[Role], set[Role], set[Role], set[Role]]] = {
    "law_policy": (READERS, {SUPERVISOR}, READERS, {SUPERVISOR}),  # the row is a draft of this supervisor's office
    "law_calendaryear": (READERS, {SUPERVISOR}, READERS, NOBODY),
    "law_deadline": (READERS, NOBODY, READERS, NOBODY),
    "people_person": (EVERYBODY, {ADMINISTRATOR}, EVERYBODY, NOBODY),
    "people_office": (EVERYBODY, {ADMINISTRATOR}, EVERYBODY, NOBODY),
    "people_appointment": (EVERYBODY, {ADMINISTRATOR}, EVERYBODY, NOBODY),
    "people_standin": (EVERYBODY, {ADMINISTRATOR}, EVERYBODY, NOBODY),
    "people_unitaccount": (EVERYBODY, {ADMINISTRATOR}, EVERYBODY, {ADMINISTRATOR}),
    "people_signin": (EVERYBODY, NOBODY, EVERYBODY, NOBODY),
    "base_noticetemplate": (READERS, NOBODY, READERS, NOBODY),  # new versions are made on the page of the latest
    "auth_group": (NOBODY, NOBODY, NOBODY, NOBODY),  # roles take its place
} | {
    f"django_celery_beat_{name}": (NOBODY, NOBODY, NOBODY, NOBODY)  # the clock is set in the settings
    for name in ("intervalschedule", "crontabschedule", "solarschedule", "clockedschedule", "periodictask")
}
#: pages of a room of their own: who opens each
ROOM_PAGES: dict[str, tuple[set[Role], str]] = {
    "law_policy_force": ({SUPERVISOR}, "law_policy"),
    "law_policy_copy": (READERS, "law_policy"),  # an auditor is refused in words
    "law_calendaryear_csv": (READERS, "law_calendaryear"),
}
#: pages of Django's site for everybody who enters it; what they say depends on what the person may see
SITE = {
    "logout",
    "password_change",
    "password_change_done",
    "autocomplete",
    "jsi18n",
    "view_on_site",
    "app_list",
    "login",
}


@pytest.fixture
def rows(db: None) -> dict[str, int]:
    """A row of each room."""
    call_command("setup", stdout=StringIO())
    seat = make_person("clerk", "220100", "somebody")
    policy = policy_of(2024)
    other, firm = make_person("clerk", "220100", "another"), unit_user("firm", "91220102XNQNQPW14U")
    draft = policies.copy_as_draft(policy, by=Actor.of_person(Person.objects.get(username="signer")), at=AT)
    given = {"start_on": AT.date(), "days": 5, "due_on": AT.date()}
    stand_in = appointments.stand_in(
        absent=seat, deputy=other, since=AT.date(), until=AT.date(), reason="休假", by=SHELL, at=AT
    )
    return {
        "law_policy": draft.pk,
        "law_calendaryear": CalendarYear.objects.order_by("year")[0].pk,
        "law_deadline": Deadline.objects.create(kind="test", key="1", **given).pk,
        "people_person": seat.pk,
        "people_office": Office.objects.get(code="220100").pk,
        "people_appointment": seat.appointments.get(stand_in=None).pk,
        "people_standin": stand_in.pk,
        "people_unitaccount": firm.units.get().pk,
        "people_signin": SignIn.objects.create(username="somebody", person=seat, at=AT, outcome="ok").pk,
        "base_noticetemplate": NoticeTemplate.objects.order_by("code", "-version")[0].pk,
    }


@pytest.fixture
def browser(rows: dict[str, int], request: pytest.FixtureRequest) -> Client:
    """Somebody of a role at the province's office."""
    client = Client()
    client.force_login(make_person(request.param), "caseworks.people.backends.RoleBackend")
    return client


def status_of(client: Client, address: str) -> int:
    status = client.get(address).status_code
    return client.post(address).status_code if status == 405 else status


def test_every_task_of_the_clock_has_a_name_in_words() -> None:
    scheduled = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled == set(health.WORDS)


def test_every_page_is_in_a_table() -> None:
    """Whatever stands below /admin/ is named above, so that no page comes unseen."""
    of_rooms = {f"{name}_{action}" for name in ROOMS for action in ("changelist", "add", "history", "delete", "change")}
    named = {f"admin:{name}" for name in {*PAGES, *of_rooms, *ROOM_PAGES, *SITE}}
    found = {address.name for address in addresses() if address.path.startswith("/admin/")}
    assert {str(pattern.name) for pattern in patterns(lambda view: view)} < set(PAGES)
    assert found - {"admin:None"} == named


@pytest.mark.parametrize("browser", list(Role), indirect=True)
def test_who_opens_which_page(browser: Client, rows: dict[str, int]) -> None:
    role = Role(Person.objects.latest("pk").username.split("-")[0])
    wrong = {}

    def asked(address: str, readers: set[Role], opens: tuple[int, ...] = (200, 302, 404)) -> None:
        # Django has no page of an app for who may see nothing of it
        status = status_of(browser, address)
        closed = (302, 403) if role not in EVERYBODY else (403, 404) if address.count("/") == 3 else (403,)
        if status not in (opens if role in readers else closed):
            wrong[address] = status

    for name, (readers, args) in PAGES.items():
        asked(reverse(f"admin:{name}", kwargs=args), readers)
    for name, (readers, adders, changers, takers) in ROOMS.items():
        asked(reverse(f"admin:{name}_changelist"), readers, (200,))
        asked(reverse(f"admin:{name}_add"), adders, (200,))
        if name not in rows:  # nobody opens any of its pages
            asked(reverse(f"admin:{name}_change", args=[1]), NOBODY)
            continue
        asked(reverse(f"admin:{name}_change", args=[rows[name]]), changers, (200,))
        asked(reverse(f"admin:{name}_history", args=[rows[name]]), readers, (200,))
        asked(reverse(f"admin:{name}_delete", args=[rows[name]]), takers, (200,))
    for name, (readers, room) in ROOM_PAGES.items():
        asked(reverse(f"admin:{name}", args=[rows[room]]), readers, (200, 302))
    for app in ("law", "people", "base"):
        asked(reverse("admin:app_list", args=[app]), EVERYBODY if app == "people" else READERS, (200,))
    assert wrong == {}


@pytest.mark.parametrize("browser", [AUDITOR], indirect=True)
def test_an_auditor_changes_nothing(browser: Client, rows: dict[str, int]) -> None:
    for name, pk in rows.items():
        for action, args in (("change", [pk]), ("delete", [pk]), ("add", [])):
            status = browser.post(reverse(f"admin:{name}_{action}", args=args), {"full_name": "x"}).status_code
            assert status == 403, (name, action)
    before = Policy.objects.count()
    assert browser.post(reverse("admin:law_policy_copy", args=[rows["law_policy"]])).status_code == 302
    assert Policy.objects.count() == before


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
