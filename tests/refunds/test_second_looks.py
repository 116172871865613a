"""复核申请: judged again by somebody else, answered by letter with its numbers, opened with the next batch. (N6.2, J4.2)"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.models import Notice
from caseworks.cases import history, reviews, second_looks
from caseworks.cases.models import Case, SecondLook
from caseworks.cases.objections import Visitor
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.models import Contribution, Unit
from refunds import determinations, screening
from refunds.determinations import Wish
from refunds.enums import Fact
from refunds.models import Assessment
from tests.people.builders import unit_user
from tests.refunds.build import a_year, make_unit
from tests.refunds.conftest import AS_OF, AT
from tests.refunds_pages.conftest import plain

pytestmark = pytest.mark.django_db(transaction=True)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
CODE = "91220102XNQNQPW14U"
DAY = dt.date(2024, 7, 3)
NOON = dt.datetime(2024, 7, 3, 12, 0, tzinfo=AT.tzinfo)


def who(role: str) -> Actor:
    return Actor.of_person(Person.objects.get(username=f"training-{role}"))


@pytest.fixture
def behind(bureau: None) -> Unit:
    """A unit that owes a month, as the files say; the clerk of training screened it."""
    unit = make_unit(1, uscc=CODE)
    a_year(unit.uscc)
    Contribution.objects.filter(uscc=unit.uscc, period="2023-06").update(paid=Decimal("0.00"), paid_on=None)
    screening.run(2024, "", AS_OF, who("clerk"), AT)
    return unit


def asked(unit: Unit, **more: Any) -> SecondLook:
    given = {
        "scheme": "refunds", "year": 2024, "subject": unit.uscc.lower(), "channel": "counter", "applicant": "张某",
        "contact": "139-0000-0000", "words": "六月已缴", "by": who("clerk"), "at": NOON, "on": DAY, **more,
    }  # fmt: skip
    return second_looks.receive(**given)


def answered(row: SecondLook, **more: Any) -> SecondLook:
    given = {"answer": "已核对缴费凭证", "by": who("supervisor"), "at": NOON, "on": DAY, **more}
    return second_looks.decide(row, **given)


def test_a_unit_that_becomes_eligible_goes_into_the_next_batch(behind: Unit) -> None:
    row = asked(behind, attachments=[files.accept(ContentFile(PDF, name="完税证明.pdf"), files.SCANS)])
    assert (row.subject, row.name, row.status) == (CODE, behind.name, "open")
    assert (row.before["outcome"], row.before["reasons"]) == ("ineligible", ["months_insufficient", "in_arrears"])
    assert "截至上年末有 1 个月欠费，最早为 2023-06" in row.before["sentences"][1]
    assert row.files.get().file.name == "完税证明.pdf"
    Contribution.objects.filter(uscc=CODE, period="2023-06").update(paid=Decimal("100.00"), paid_on=dt.date(2023, 6, 9))
    row = answered(row)
    assert (row.status, row.after["outcome"], row.after["amount"]) == ("changed", "eligible", "720.00")
    assert Assessment.objects.get(uscc=CODE).outcome == "eligible"
    assert row.document is not None
    assert (row.document.kind, row.document.subject) == ("second_look_answer", CODE)
    said = row.document.data["paragraphs"]
    assert said[1:4] == [
        "已核对缴费凭证",
        "复核结论：原结论“不符合”变更为“符合”。列入下一批审核，公示无异议后拨付，无需申请。",
        "核算金额 720.00 元，以审核、公示结果为准。",
    ]
    assert files.content_of(row.document.file)[:5] == b"%PDF-"
    assert set(Notice.objects.values_list("channel", "subject", "template")) == {
        ("sms", CODE, "second_look_answered"), ("portal", CODE, "second_look_answered"),
    }  # fmt: skip
    assert reviews.open_eligible(scheme="refunds", year=2024, by=who("clerk"), at=AT) == 1
    with pytest.raises(Refusal, match="2024 年度已进入审核，不需要申请复核"):
        asked(behind)


def test_what_does_not_change_is_answered_with_its_numbers(behind: Unit) -> None:
    row = answered(asked(behind), answer="六月未见到账")
    assert (row.status, row.after["reasons"]) == ("kept", ["months_insufficient", "in_arrears"])
    assert row.document is not None
    said = row.document.data["paragraphs"]
    assert said[2].startswith("复核结论：维持原结论“不符合”。")
    assert "截至上年末累计足额缴费 11 个月，少于 12 个月" in said[3]
    assert "截至上年末有 1 个月欠费，最早为 2023-06" in said[3]
    assert Case.objects.count() == 0
    with pytest.raises(Refusal, match="该申请已答复（维持原结论），未作任何更改"):
        answered(row)
    assert asked(behind).status == "open"  # it may ask again


def test_somebody_else_looks(behind: Unit) -> None:
    wish = Wish(CODE, 2023, Fact.SIZE, "small", "年报", "依据")
    fact = determinations.set_fact(wish, by=who("clerk"), at=AT)
    determinations.confirm(fact, by=who("reviewer"), at=AT)
    row = asked(behind, by=who("clerk"))
    with pytest.raises(Refusal, match=r"没有办理.*复核申请的权限|您登记了该申请"):
        answered(row, by=who("clerk"))
    with pytest.raises(Refusal, match="您参与过对该单位的核算或审核，由未参与的人员复核。未作任何更改"):
        answered(row, by=who("reviewer"))
    with pytest.raises(IntegrityError, match="secondlook_four_eyes"), transaction.atomic():
        SecondLook.objects.filter(pk=row.pk).update(decided_by=row.received_by)
    assert answered(row, by=who("approver")).status == "kept"


def test_what_is_not_taken_in(behind: Unit, settings: Any) -> None:
    for more, words in (
        ({"words": " "}, "须写明理由"),
        ({"received_on": dt.date(2024, 7, 4)}, "收到日期不能晚于登记日期"),
        ({"subject": "91220102MA0000000X"}, "2024 年度没有代码 91220102MA0000000X 的参保单位"),
        ({"by": who("cashier")}, "登记复核申请的权限"),
        ({"scheme": "subsidies"}, "2024 年度没有这个人的申领"),
        ({"scheme": "dispatch"}, "没有 2024 年度的派遣单位申请"),
        ({"scheme": "nothing"}, "没有可立件的业务"),
    ):
        with pytest.raises(Refusal, match=words):
            asked(behind, **more)
    asked(behind)
    with pytest.raises(Refusal, match="已有一件复核申请在办，未重复登记"):
        asked(behind)
    settings.OBJECTIONS_AN_HOUR = 1
    others = [make_unit(number) for number in (2, 3)]
    visitor = {"channel": "public", "by": Visitor(address="198.51.100.7")}
    asked(others[0], **visitor)
    with pytest.raises(Refusal, match="提交得过于频繁"):
        asked(others[1], **visitor)


def test_what_people_refused_in_review_is_told_its_remedies(bureau: None) -> None:
    unit = make_unit(1, uscc=CODE)
    a_year(unit.uscc)
    screening.run(2024, "", AS_OF, who("clerk"), AT)
    reviews.open_eligible(scheme="refunds", year=2024, by=who("clerk"), at=AT)
    with pytest.raises(Refusal, match="已进入审核，不需要申请复核，未作登记"):
        asked(unit)
    history.take("refuse", [Case.objects.get().pk], by=who("approver"), at=AT, note="核查不实")
    with pytest.raises(
        Refusal, match="经审核决定不予支付，不再以复核申请办理，未作登记。对决定不服的，可以依法申请行政复议"
    ):
        asked(unit)


@time_machine.travel(NOON, tick=False)
def test_from_the_public_and_the_portal_to_the_desk(behind: Unit) -> None:
    anybody = Client()
    url = reverse("public:second_look_new")
    assert "<script" not in anybody.get(url).content.decode()
    form = {"year": "2024", "subject": CODE, "words": "六月已缴", "applicant": "张某", "contact": "139-0000-0000"}
    page = plain(anybody.post(url, form | {"subject": "91220102MA0000000X"}))
    assert "没有代码 91220102MA0000000X 的参保单位，未作登记" in page
    page = plain(anybody.post(url, form | {"attachments": SimpleUploadedFile("证明.pdf", PDF)}, follow=True))
    row = SecondLook.objects.get()
    assert f"登记号 {row.pk}" in page
    assert "欠费" not in page  # the answer goes to the unit, not to whoever asks
    user = unit_user("unit", CODE)
    own = Client()
    own.force_login(user, "caseworks.people.backends.RoleBackend")
    portal = reverse("second_looks:portal")
    assert "待复核" in plain(own.get(portal))
    del form["subject"]
    assert "已有一件复核申请在办" in plain(own.post(portal, form))
    desk = Client()
    desk.force_login(Person.objects.get(username="training-supervisor"), "caseworks.people.backends.RoleBackend")
    Person.objects.update(must_change_password=False)
    assert behind.name in plain(desk.get(reverse("announcements:second_look_list"), {"status": "open"}))
    detail = reverse("announcements:second_look_detail", args=[row.pk])
    assert all(text in plain(desk.get(detail)) for text in ("欠费，最早为 2023-06", "证明.pdf", "重新核算并答复"))
    file = reverse("announcements:second_look_file", args=[row.pk, row.files.get().pk])
    assert desk.get(file).content == PDF
    assert "已答复：维持原结论" in plain(desk.post(detail, {"answer": "六月未见到账"}, follow=True))
    assert desk.get(reverse("announcements:second_look_letter", args=[row.pk])).content[:5] == b"%PDF-"
    page = plain(own.get(portal))
    assert "维持原结论" in page
    assert "六月未见到账" in page
    row.refresh_from_db()
    assert row.document is not None
    assert own.get(reverse("portal:document", args=[row.document.pk])).status_code == 200
    clerk = Client()
    clerk.force_login(Person.objects.get(username="training-clerk"), "caseworks.people.backends.RoleBackend")
    assert "登记复核申请" in plain(clerk.get("/desk/why/", {"q": CODE}))
    enter = reverse("announcements:second_look_enter")
    sent = form | {"subject": CODE, "channel": "phone", "received_on": "2024-07-02"}
    page = plain(clerk.post(enter, sent, follow=True))
    assert "由另一人复核" in page
    assert "您登记了该申请，由另一人复核" in page
    assert "复核申请待答复" in plain(desk.get("/desk/"))
