"""人员与机构 in /admin/: administrators keep them, auditors and supervisors look, nobody else gets there. (N6.2)"""

from __future__ import annotations

import datetime

import pytest
from django.test import Client

from caseworks.base.enums import Role
from caseworks.people.models import Appointment, Office, Person, StandIn, UnitAccount

from .builders import PASSWORD, office, person, seeded, unit_user

pytestmark = pytest.mark.django_db
PAGES = ("person", "office", "appointment", "standin", "unitaccount", "signin")


@pytest.fixture(autouse=True)
def _offices() -> None:
    seeded()


def signed_in(username: str, *roles: str, **extra: str) -> Client:
    person(username, *roles, **extra)
    client = Client()
    assert client.login(username=username, password=PASSWORD, request=client.get("/login/").wsgi_request)
    return client


def errors(page: object) -> str:
    return " ".join(page.context["adminform"].form.non_field_errors())  # type: ignore[attr-defined]


def test_who_enters() -> None:
    assert Client().get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"
    assert Client().get("/admin/login/?next=/admin/people/").headers["Location"] == "/login/?next=/admin/people/"
    for role in Role:
        page = signed_in(f"the-{role}", role).get("/admin/", follow=True)
        enters = role in {Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR}
        assert page.status_code == (200 if enters else 403), role


def test_administrators_see_people_and_offices_and_no_business() -> None:
    admin = signed_in("admin", Role.ADMINISTRATOR)
    for name in PAGES:
        assert admin.get(f"/admin/people/{name}/").status_code == 200
    apps = {app["app_label"] for app in admin.get("/admin/").context["app_list"]}
    assert apps == {"people"}


def test_auditors_see_all_people_and_change_nothing() -> None:
    wang = person("wang", Role.CLERK)
    Person.objects.filter(pk=wang.pk).update(phone="13900001111")
    auditor = signed_in("auditor", Role.AUDITOR)
    for name in PAGES:
        assert auditor.get(f"/admin/people/{name}/").status_code == 200
        assert auditor.get(f"/admin/people/{name}/add/").status_code == 403
    page = auditor.get(f"/admin/people/person/{wang.pk}/change/")
    assert "139****1111" in page.content.decode()
    assert "13900001111" not in page.content.decode()
    assert auditor.post(f"/admin/people/person/{wang.pk}/change/", {"full_name": "x"}).status_code == 403


def test_supervisors_see_the_people_of_their_office_and_below_and_change_nothing() -> None:
    near, far = person("near", Role.CLERK, at_office="220102"), person("far", Role.CLERK, at_office="220200")
    supervisor = signed_in("boss", Role.SUPERVISOR, at_office="220100")
    for name in PAGES:
        assert supervisor.get(f"/admin/people/{name}/").status_code == 200
        assert supervisor.get(f"/admin/people/{name}/add/").status_code == 403
    for name in ("person", "appointment", "signin"):
        shown = supervisor.get(f"/admin/people/{name}/").content.decode()
        assert "far" not in shown, name
        assert "boss" in shown, name
    assert set(supervisor.get("/admin/people/person/").context["cl"].queryset) == {
        near, Person.objects.get(username="boss"),
    }  # fmt: skip
    codes = {row.code for row in supervisor.get("/admin/people/office/").context["cl"].queryset}
    assert "220100" in codes
    assert all(code.startswith("2201") for code in codes)
    assert supervisor.get(f"/admin/people/person/{near.pk}/change/").status_code == 200
    assert supervisor.get(f"/admin/people/person/{far.pk}/change/").status_code == 302  # there is no such page for it
    assert supervisor.post(f"/admin/people/person/{near.pk}/change/", {"full_name": "x"}).status_code == 403


def test_a_new_person_gets_a_first_password_once() -> None:
    admin = signed_in("admin", Role.ADMINISTRATOR)
    form = {"username": "li", "full_name": "李", "kind": "staff", "office": office("220100").pk, "phone": "13900001111"}
    page = admin.post("/admin/people/person/add/", {**form, "is_active": "on"}, follow=True)
    shown = next(str(message) for message in page.context["messages"] if "初始密码" in str(message))
    li = Person.objects.get(username="li")
    assert li.check_password(shown.split("：")[1].split()[0])
    assert (li.must_change_password, li.phone, li.office) == (True, "13900001111", office("220100"))
    again = admin.post("/admin/people/person/add/", {**form, "username": "LI", "is_active": "on"})
    assert "用户名 LI 已有人使用，未作任何更改" in errors(again)
    changed = {"full_name": "李四", "office": "", "phone": "", "is_active": ""}
    assert admin.post(f"/admin/people/person/{li.pk}/change/", changed).status_code == 302
    li.refresh_from_db()
    assert (li.full_name, li.office, li.phone, li.is_active, li.username) == ("李四", None, "", False, "li")


def test_a_password_is_reset_from_the_list() -> None:
    admin = signed_in("admin", Role.ADMINISTRATOR)
    wang = person("wang")
    page = admin.post("/admin/people/person/", {"action": "reset_password", "_selected_action": [wang.pk]}, follow=True)
    shown = next(str(message) for message in page.context["messages"])
    wang.refresh_from_db()
    assert wang.check_password(shown.rpartition("：")[2])
    assert wang.must_change_password


def test_appointing_and_ending() -> None:
    admin = signed_in("admin", Role.ADMINISTRATOR)
    wang = person("wang")
    form = {"person": wang.pk, "office": office("220100").pk, "role": Role.CASHIER, "since": "2024-01-01", "until": ""}
    assert admin.post("/admin/people/appointment/add/", form).status_code == 302
    refused = admin.post("/admin/people/appointment/add/", {**form, "role": Role.AUDITOR})
    assert "互相排斥" in errors(refused)
    assert "wang" in errors(refused)
    held = Appointment.objects.get(person=wang)
    assert held.made_by_label == "admin（admin）"
    address = f"/admin/people/appointment/{held.pk}/change/"
    assert "请填写截止日" in errors(admin.post(address, {"until": ""}))
    assert admin.post(address, {"until": "2024-06-30"}).status_code == 302
    held.refresh_from_db()
    assert held.until == datetime.date(2024, 6, 30)
    assert admin.get(f"/admin/people/appointment/{held.pk}/delete/").status_code == 403


def test_standing_in() -> None:
    admin = signed_in("admin", Role.ADMINISTRATOR)
    zhang, li, spy = person("zhang", Role.CLERK), person("li", Role.REVIEWER), person("spy", Role.AUDITOR)
    form = {"absent": zhang.pk, "deputy": li.pk, "since": "2024-06-03", "until": "2024-06-07", "reason": "休假"}
    assert "互相排斥" in errors(admin.post("/admin/people/standin/add/", {**form, "deputy": spy.pk}))
    assert not StandIn.objects.exists()
    assert admin.post("/admin/people/standin/add/", form).status_code == 302
    standing = StandIn.objects.get()
    assert standing.made_by == Person.objects.get(username="admin")
    assert admin.post(f"/admin/people/standin/{standing.pk}/change/", {"until": "2024-06-05"}).status_code == 302
    assert list(standing.lent.values_list("role", "until")) == [(Role.CLERK, datetime.date(2024, 6, 5))]


def test_an_office_and_its_regions() -> None:
    admin = signed_in("admin", Role.ADMINISTRATOR)
    form = {
        "code": "220174", "name": "长春汽车经济技术开发区", "level": "county", "parent": office("220100").pk,
        "region_list": "220174，2201 74", "is_active": "on",
    }  # fmt: skip
    refused = admin.post("/admin/people/office/add/", form)
    assert "已由其他机构管辖" in errors(refused)
    assert "2201：长春市" in errors(refused)
    assert not Office.objects.filter(code="220174").exists()
    assert admin.post("/admin/people/office/add/", {**form, "region_list": "220174\n22017"}).status_code == 302
    made = office("220174")
    assert [region.prefix for region in made.regions.all()] == ["22017", "220174"]
    assert made.city == office("220100")
    taken = admin.post("/admin/people/office/add/", form)
    assert taken.status_code == 200
    assert set(taken.context["adminform"].form.errors) == {"code", "name"}


def test_binding_an_enterprise_user() -> None:
    admin = signed_in("admin", Role.ADMINISTRATOR)
    firm = unit_user("firm")
    assert "校验码不正确" in errors(
        admin.post("/admin/people/unitaccount/add/", {"person": firm.pk, "uscc": "91220102XNQNQPW14W"})
    )
    answer = admin.post("/admin/people/unitaccount/add/", {"person": firm.pk, "uscc": "91220102xnqnqpw14u"})
    assert answer.status_code == 302
    assert UnitAccount.objects.get().uscc == "91220102XNQNQPW14U"
    assert UnitAccount.objects.get().person == firm


def test_enterprise_users_enter_neither_admin_nor_desk() -> None:
    unit_user("firm", "91220102XNQNQPW14U")
    client = Client()
    client.login(username="firm", password=PASSWORD, request=client.get("/login/").wsgi_request)
    assert client.get("/admin/", follow=True).status_code == 403
    assert not Person.objects.get(username="firm").has_perm("registry.view")
