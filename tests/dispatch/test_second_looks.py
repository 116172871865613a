"""复核申请 of an agency whose application was refused in review: looked at by another, taken up anew with the next batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from caseworks.base.errors import Refusal
from caseworks.books import checking
from caseworks.cases import history, openings, second_looks
from caseworks.cases.models import Case, SecondLook
from caseworks.people.actors import Actor
from dispatch.models import Application, Attachment, RosterRow, Share
from refunds.models import Assessment
from tests.dispatch.agencies import AT, CLOCK, Paid, day
from tests.money.conftest import Staff, bureau, staff
from tests.people.builders import person, unit_user

__all__ = ["bureau", "staff"]
pytestmark = pytest.mark.django_db
ON = day("07-01")


@pytest.fixture
def refused(staff: Staff, tmp_path: Path) -> Paid:
    """An agency whose application people refused in review."""
    agency = Paid(staff, tmp_path, hosts=2).apply()
    openings.open_eligible(scheme="dispatch", year=2024, by=CLOCK, at=AT)
    history.take("refuse", [agency.case.pk], by=staff.approver, at=AT, note="名册与实地核查不符")
    return agency


@pytest.fixture
def boss(staff: Staff) -> Actor:
    return Actor.of_person(person("boss", "supervisor"))


def asked(agency: Paid, **more: Any) -> SecondLook:
    given = {
        "scheme": "dispatch", "year": 2024, "subject": agency.unit.uscc, "channel": "counter", "applicant": "李某",
        "contact": "0431-1", "words": "已补充用工合同", "by": agency.staff.clerk, "at": AT, "on": ON, **more,
    }  # fmt: skip
    return second_looks.receive(**given)


def answered(row: SecondLook, by: Actor, **more: Any) -> SecondLook:
    return second_looks.decide(row, answer="已核对用工合同", by=by, at=AT, on=ON, **more)


def test_it_is_taken_up_anew_with_the_next_batch(refused: Paid, boss: Actor) -> None:
    row = asked(refused)
    assert (row.before["label"], row.before["sentences"], row.by_people) == (
        "审核不予支付",
        ["名册与实地核查不符"],
        True,
    )
    with pytest.raises(Refusal, match="您参与过对该单位的核算或审核"):
        answered(row, refused.staff.approver, again=True)
    row = answered(row, boss, again=True)
    assert (row.status, row.after["label"], row.after["amount"]) == ("changed", "重新受理", "300.00")
    old, new = Application.objects.order_by("round")
    assert (old.status, old.case.status) == ("withdrawn", "refused")
    assert (new.status, new.round, new.applied_on, new.amount, new.case) == (
        "submitted", 2, old.applied_on, old.amount, None,
    )  # fmt: skip
    assert RosterRow.objects.filter(application=new).count() == RosterRow.objects.filter(application=old).count() == 3
    assert Share.objects.filter(application=new).live().count() == 3
    assert openings.open_eligible(scheme="dispatch", year=2024, by=CLOCK, at=AT) == 1
    assert set(Case.objects.values_list("round", "status")) == {(1, "refused"), (2, "opened")}
    assert row.document is not None
    assert "原结论“审核不予支付”变更为“重新受理”" in " ".join(row.document.data["paragraphs"])
    assert checking.offences() == []
    with pytest.raises(Refusal, match="已进入审核，不需要申请复核"):
        asked(refused)


def test_it_may_stay_refused(refused: Paid, boss: Actor) -> None:
    row = answered(asked(refused), boss, again=False)
    assert (row.status, row.after) == ("kept", row.before)
    assert Application.objects.get().status == "submitted"
    assert not Attachment.objects.exists()
    assert asked(refused).status == "open", "it may ask again"


def test_what_breaks_a_rule_by_now_is_not_taken_up(refused: Paid, boss: Actor) -> None:
    row = asked(refused)
    Assessment.objects.update(premium="1.00")
    row = answered(row, boss, again=True)
    assert (row.status, row.after["label"]) == ("changed", "不符合")
    assert "名册实缴合计" in row.after["sentences"][0]
    assert Application.objects.count() == 1


def test_what_is_not_taken_in(staff: Staff, tmp_path: Path) -> None:
    agency = Paid(staff, tmp_path)
    with pytest.raises(Refusal, match="没有 2024 年度的派遣单位申请，未作登记"):
        asked(agency)
    agency.apply()
    with pytest.raises(Refusal, match="还没有审核决定"):
        asked(agency)
    openings.open_eligible(scheme="dispatch", year=2024, by=CLOCK, at=AT)
    with pytest.raises(Refusal, match="已进入审核，不需要申请复核"):
        asked(agency)
    with pytest.raises(Refusal, match="没有代码 91220102XNQNQPW14U 的参保单位"):
        asked(agency, subject="91220102XNQNQPW14U")


def test_by_the_portal_and_at_the_desk(refused: Paid, boss: Actor) -> None:
    with time_machine.travel("2024-07-01 10:00:00+08:00", tick=False):
        client = Client()
        client.force_login(unit_user("agency", refused.unit.uscc), "caseworks.people.backends.RoleBackend")
        page = client.get(reverse("dispatch_portal:application", args=[refused.application.pk])).content.decode()
        assert "审核决定不予支付" in page
        given = {"scheme": "dispatch", "year": 2024, "words": "合同齐全", "applicant": "李某", "contact": "0431-1"}
        done = client.post(reverse("second_looks:portal"), given, follow=True).content.decode()
        row = SecondLook.objects.get()
        assert f"登记号 {row.pk}" in done
        assert (row.scheme, row.channel, row.matter) == ("dispatch", "portal", str(refused.application.pk))
        desk = Client()
        desk.force_login(boss.person, "caseworks.people.backends.RoleBackend")
        detail = reverse("announcements:second_look_detail", args=[row.pk])
        shown = desk.get(detail).content.decode()
        assert "重新受理，另行初审、复核、审批" in shown
        assert "示例用工1" in shown
        assert "请选择" in shown
        assert desk.post(detail, {"answer": "属实"}).content.decode().count("这个字段是必填项") == 1
        assert "已答复：结论变更" in desk.post(detail, {"answer": "属实", "again": "yes"}, follow=True).content.decode()
        assert Application.objects.count() == 2
        listed = desk.get(reverse("announcements:second_look_list") + "?scheme=dispatch").content.decode()
        assert refused.unit.name in listed
