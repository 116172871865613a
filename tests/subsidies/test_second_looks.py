"""复核申请 of a refused claim: by the counter or the worker's own pages, judged again by somebody else, paid with the next batch."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from caseworks.base.errors import Refusal
from caseworks.base.models import Notice
from caseworks.base.subjects import person_key
from caseworks.books import checking
from caseworks.cases import history, openings, second_looks, sources
from caseworks.cases.models import Case, SecondLook
from caseworks.people.actors import Actor
from caseworks.registry.models import WorkerInsurance
from subsidies import claims
from subsidies.enums import Channel
from subsidies.models import Claim
from tests.refunds_pages.staff import make_person
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR
from tests.subsidies_pages.test_portal import DAY, signed_in

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
ON = AT.date()


@pytest.fixture(autouse=True)
def _bureau(db: None, settings: Any) -> Any:
    from django.core.management import call_command

    settings.TRAINING = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("setup")
    with time_machine.travel(DAY, tick=False):
        yield


@pytest.fixture
def clerk() -> Actor:
    return Actor.of_person(make_person("clerk"))


@pytest.fixture
def boss() -> Actor:
    return Actor.of_person(make_person("supervisor"))


def taken(id_no: str, cert_no: str, by: Actor = OPERATOR) -> Claim:
    return claims.take(id_no=id_no, cert_no=cert_no, applied_on=ON, channel=Channel.COUNTER, by=by, at=AT)


def short(by: Actor = OPERATOR) -> Claim:
    """A claim that is refused for too few insured months, as the files say."""
    id_no = build.worker(1, insured=(("2024-01", "2024-12"),))
    return taken(id_no, build.certificate(id_no, "C1", level=4), by)


def asked(claim: Claim, by: Actor, **more: Any) -> SecondLook:
    given = {
        "scheme": "subsidies", "year": 2024, "subject": "", "matter": str(claim.pk), "channel": "counter",
        "applicant": "样例1", "contact": "19900000001", "words": "参保月数有误", "by": by, "at": AT, "on": ON, **more,
    }  # fmt: skip
    return second_looks.receive(**given)


def answered(row: SecondLook, by: Actor, **more: Any) -> SecondLook:
    return second_looks.decide(row, answer="已核对", by=by, at=AT, on=ON, **more)


def test_a_claim_that_the_rules_grant_now_goes_into_the_next_batch(clerk: Actor, boss: Actor) -> None:
    claim = short()
    row = asked(claim, clerk)
    assert (row.subject, row.matter, row.name) == (person_key(claim.id_hash), str(claim.pk), "样例1")
    assert (row.before["outcome"], row.before["reasons"]) == ("refused", ["insured_months_insufficient"])
    assert "截至发证当月参保 2 个月，少于 12 个月" in row.before["sentences"][0]
    with pytest.raises(Refusal, match="已有一件复核申请在办"):
        asked(claim, clerk)
    WorkerInsurance.objects.create(
        id_hash=claim.id_hash, uscc=build.ENTERPRISE, period_from="2022-01", period_to="2023-12"
    )
    row = answered(row, boss)
    assert (row.status, row.after["outcome"], row.after["amount"]) == ("changed", "granted", "1500.00")
    claim.refresh_from_db()
    assert (claim.outcome, claim.round, claim.slot, claim.held) == ("granted", 1, 1, True)
    assert openings.open_eligible(scheme="subsidies", year=2024, by=clerk, at=AT) == 1
    assert Case.objects.get().subject == row.subject
    assert row.document is not None
    assert row.document.subject == row.subject
    words = " ".join(row.document.data["paragraphs"])
    assert words.startswith("您于2024年6月28日就2024年度技能补贴提出的复核申请收悉")
    assert "原结论“不符合”变更为“符合”" in words
    assert set(Notice.objects.filter(template="second_look_answered").values_list("subject", flat=True)) == {
        row.subject
    }
    assert checking.offences() == []


def test_what_stays_refused_is_told_with_its_numbers(clerk: Actor, boss: Actor) -> None:
    row = answered(asked(short(), clerk), boss)
    assert (row.status, row.after["label"]) == ("kept", "不符合")
    assert row.document is not None
    assert "维持原结论“不符合”" in " ".join(row.document.data["paragraphs"])
    assert "少于 12 个月" in " ".join(row.document.data["paragraphs"])
    assert checking.offences() == []


def test_a_slot_that_another_claim_holds_by_now_is_told(clerk: Actor, boss: Actor) -> None:
    claim = short()
    row = asked(claim, clerk)
    WorkerInsurance.objects.create(
        id_hash=claim.id_hash, uscc=build.ENTERPRISE, period_from="2022-01", period_to="2023-12"
    )
    assert taken(claim.id_no, "C1").outcome == "granted"  # claimed once more meanwhile
    row = answered(row, boss)
    assert row.status == "kept"
    assert "名额或该职业等级已被其他申领占用" in row.after["sentences"][0]
    assert Claim.objects.standing().count() == 1


def refused_in_review(clerk: Actor) -> Claim:
    id_no = build.worker(1)
    claim = taken(id_no, build.certificate(id_no, "C1", level=4))
    openings.open_eligible(scheme="subsidies", year=2024, by=OPERATOR, at=AT)
    history.take("refuse", [Case.objects.get().pk], by=clerk, at=AT, note="证书存疑")
    claim.refresh_from_db()
    return claim


def test_what_people_refused_is_taken_up_anew_by_somebody_else(clerk: Actor, boss: Actor) -> None:
    claim = refused_in_review(Actor.of_person(make_person("approver")))
    row = asked(claim, clerk)
    assert (row.before["label"], row.before["sentences"]) == ("审核不予支付", ["证书存疑"])
    with pytest.raises(Refusal, match="请选择维持还是重新受理"):
        answered(row, boss)
    row = answered(row, boss, again=True)
    assert (row.status, row.after["label"], row.after["amount"]) == ("changed", "重新受理", "1500.00")
    old, new = Claim.objects.order_by("pk")
    assert (old.pk, old.held, old.case.status) == (claim.pk, False, "refused")
    assert (new.channel, new.applied_on, new.round, new.held, new.case) == ("look", ON, 2, True, None)
    assert openings.open_eligible(scheme="subsidies", year=2024, by=clerk, at=AT) == 1
    assert set(Case.objects.values_list("round", "status")) == {(1, "refused"), (2, "opened")}
    assert checking.offences() == []


def test_what_people_refused_may_be_left_so(clerk: Actor, boss: Actor) -> None:
    row = answered(asked(refused_in_review(Actor.of_person(make_person("approver"))), clerk), boss, again=False)
    assert (row.status, row.after) == ("kept", row.before)
    assert Claim.objects.count() == 1


def test_who_had_a_hand_in_it_does_not_look(clerk: Actor) -> None:
    approver = Actor.of_person(make_person("approver"))
    row = asked(refused_in_review(approver), clerk)
    with pytest.raises(Refusal, match="您参与过对该申领的核算或审核"):
        answered(row, approver, again=True)
    with pytest.raises(Refusal, match="没有办理"):
        answered(row, Actor.of_person(make_person("clerk", username="clerk-2")), again=True)


def test_which_claim_is_asked_about_must_be_clear(clerk: Actor) -> None:
    claim = short()
    with pytest.raises(Refusal, match="没有这个人的申领"):
        asked(claim, clerk, subject=build.number(9), matter="")
    assert asked(claim, clerk, subject=claim.id_no, matter="").matter == str(claim.pk)
    other = taken(claim.id_no, build.certificate(claim.id_no, "C2", code="X2", level=4))
    with pytest.raises(Refusal, match="本年度有 2 件申领未获通过"):
        asked(claim, clerk, subject=claim.id_no, matter="")
    good = build.worker(2)
    granted = taken(good, build.certificate(good, "C3", level=4))
    with pytest.raises(Refusal, match="核定为符合，待立件审核"):
        asked(granted, clerk)
    openings.open_eligible(scheme="subsidies", year=2024, by=OPERATOR, at=AT)
    with pytest.raises(Refusal, match="已进入审核，不需要申请复核"):
        asked(granted, clerk)
    assert other.outcome == "refused"


def test_on_the_workers_own_page_and_at_the_desk(clerk: Actor, boss: Actor) -> None:
    claim, other = short(), build.worker(2)
    page, url = signed_in(claim.id_no, "19900000001"), reverse("my_subsidies:claim", args=[claim.pk])
    assert "填写复核申请" in page.get(url).content.decode()
    file = SimpleUploadedFile("参保证明.pdf", PDF)
    given = {"words": "2022年起一直参保", "applicant": "样例1", "contact": "19900000001", "attachments": file}
    answer = page.post(reverse("my_subsidies:look", args=[claim.pk]), given, follow=True)
    row = SecondLook.objects.get()
    assert f"复核申请已提交，登记号 {row.pk}" in answer.content.decode()
    assert "填写复核申请" not in answer.content.decode()
    assert (row.channel, row.files.get().file.name) == ("portal", "参保证明.pdf")
    stranger = signed_in(other, "19900000002")
    assert stranger.post(reverse("my_subsidies:look", args=[claim.pk]), given).status_code == 404
    desk = Client()
    desk.force_login(boss.person, "caseworks.people.backends.RoleBackend")
    listed = desk.get(reverse("announcements:second_look_list") + "?scheme=subsidies").content.decode()
    assert row.name in listed
    detail = reverse("announcements:second_look_detail", args=[row.pk])
    shown = desk.get(detail).content.decode()
    assert "申领详情" in shown
    for text in (listed, shown):
        assert claim.id_no not in text
        assert row.subject not in text
    done = desk.post(detail, {"answer": "已核对参保记录"}, follow=True).content.decode()
    assert "已答复：维持原结论" in done
    mine = page.get(url).content.decode()
    assert "已核对参保记录" in mine
    letter = re.search(r'href="([^"]+letter/)"', mine)
    assert letter is not None
    assert page.get(letter[1])["Content-Type"] == "application/pdf"
    assert stranger.get(letter[1]).status_code == 404


def test_the_clerk_enters_it_from_the_claim(clerk: Actor) -> None:
    claim = short()
    desk = Client()
    desk.force_login(clerk.person, "caseworks.people.backends.RoleBackend")
    page = desk.get(reverse("subsidies:claim_detail", args=[claim.pk])).content.decode()
    link = re.search(r'href="([^"]+matter=\d+)"', page)
    assert link is not None
    form = desk.get(link[1].replace("&amp;", "&")).content.decode()
    assert f'name="matter" value="{claim.pk}"' in form
    assert f"2024 年度技能补贴第 {claim.pk} 号" in form
    assert 'name="received_on" value="2024-06-28"' in form
    assert "统一社会信用代码或证件号码" not in form
    given = {
        "scheme": "subsidies", "year": 2024, "subject": "", "matter": claim.pk, "words": "有误", "applicant": "样例1",
        "contact": "19900000001", "channel": "counter", "received_on": "2024-06-28",
    }  # fmt: skip
    desk.post(reverse("announcements:second_look_enter"), given)
    assert SecondLook.objects.get().matter == str(claim.pk)


def test_the_public_page_asks_of_the_refund_alone() -> None:
    assert [code for code, _ in sources.looking_again("public")] == ["refunds"]
    assert {code for code, _ in sources.looking_again("unit")} == {"refunds", "dispatch"}
    assert {code for code, _ in sources.looking_again()} == {"refunds", "dispatch", "subsidies"}
