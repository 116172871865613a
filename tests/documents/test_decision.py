"""稳岗返还核定通知: from the approval on, once for what was approved, seen by those whose scope it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.models import Document
from caseworks.cases import history, openings
from caseworks.cases.models import Case
from caseworks.people.actors import Actor
from caseworks.registry.models import Unit
from refunds import decisions
from tests.people.builders import person, unit_user
from tests.portal.conftest import bureau, enter, real_unit, screened, unit

__all__ = ["bureau", "enter", "unit"]
AT = dt.datetime(2024, 7, 12, 1, tzinfo=dt.UTC)
CLOCK = Actor.of_command("test")
PDF = b"%PDF-1.7\n%sealed"


@pytest.fixture
def clerk(bureau: None) -> Actor:
    return Actor.of_person(person("clerk", "clerk", at_office="220100"))


@pytest.fixture
def case(unit: Unit) -> Case:
    """A case of 720.00 yuan that was passed by two."""
    screened(unit)
    openings.open_eligible(scheme="refunds", year=2024, by=CLOCK, at=AT)
    return stepped(Case.objects.get(subject=unit.uscc), "pass_first", "pass_second")


def stepped(case: Case, *steps: str) -> Case:
    for step in steps:
        history.take(step, [case.pk], by=CLOCK, at=AT, note="测试")
    return Case.objects.get(pk=case.pk)


def test_before_the_approval_there_is_no_letter(case: Case, clerk: Actor) -> None:
    with pytest.raises(Refusal, match="尚未审批通过（待审批），没有出具核定通知"):
        decisions.issue(case.pk, by=clerk, at=AT)
    assert clerk.person is not None
    assert list(decisions.offers(case, clerk.person, AT.date())) == []
    assert not Document.objects.exists()


def test_the_letter_says_the_figures_and_the_amount_in_capitals(case: Case, clerk: Actor, unit: Unit) -> None:
    document = decisions.issue(stepped(case, "approve").pk, by=clerk, at=AT)
    assert document.number == "长春市失业保险经办机构〔2024〕1号"
    assert document.title == "2024年度稳岗返还核定通知"
    assert (document.subject, document.case, document.dated) == (unit.uscc, case.pk, dt.date(2024, 7, 12))
    assert document.data["facts"] == [
        ["单位名称", unit.name],
        ["统一社会信用代码", unit.uscc],
        ["单位类型（划型）", "企业（中型）"],
        ["2023年度实缴失业保险费", "1,200.00 元"],
        ["2023年初、年末参保人数", "10 人、10 人"],
        ["净减员、裁员率（控制目标）", "0 人、0.00%（不高于 20%）"],
        ["返还比例", "60%"],
        ["返还金额", "720.00 元"],
        ["金额大写", "人民币柒佰贰拾元整"],
    ]
    assert document.data["before"][0].startswith("根据")
    assert "吉人社联〔2024〕43号" in document.data["before"][0]
    assert document.data["dated"] == "二〇二四年七月十二日"
    assert files.content_of(document.file).startswith(b"%PDF")


def test_it_is_written_once_for_what_was_approved_and_again_for_another_amount(case: Case, clerk: Actor) -> None:
    case = stepped(case, "approve")
    decisions.issue(case.pk, by=clerk, at=AT)
    with pytest.raises(Refusal, match="已出具 长春市失业保险经办机构〔2024〕1号，没有重复出具"):
        decisions.issue(case.pk, by=clerk, at=AT)
    now = history.Content(case.name, Decimal("360.00"), b"x" * 32)
    history.rejudge_case(case.pk, now=now, by=CLOCK, at=AT, note="数据更正")
    case = stepped(case, "pass_first", "pass_second", "approve")
    assert decisions.issue(case.pk, by=clerk, at=AT).serial == 2


def test_who_may_not_write_it(case: Case) -> None:
    case = stepped(case, "approve")
    cashier = Actor.of_person(person("cashier", "cashier", at_office="220100"))
    stranger = Actor.of_person(person("stranger", "clerk", at_office="220200"))
    with pytest.raises(Refusal, match="没有为长春市的业务件出具文书的权限"):
        decisions.issue(case.pk, by=cashier, at=AT)
    with pytest.raises(Refusal, match="业务件不存在，没有出具"):
        decisions.issue(case.pk, by=stranger, at=AT)


# -- on the desk


def test_from_the_button_to_the_sealed_scan(case: Case, clerk: Actor, unit: Unit, enter: Callable[..., Client]) -> None:
    case, client = stepped(case, "approve"), enter("clerk")
    assert "出具核定通知" in client.get(f"/desk/cases/{case.pk}/").content.decode()
    response = client.post(f"/desk/refunds/cases/{case.pk}/decision/")
    document = Document.objects.get()
    address = f"/desk/documents/{document.pk}/"
    assert response["Location"] == address
    card = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert document.number in card
    assert "出具核定通知" not in card
    assert document.number in client.get(f"/desk/units/{unit.uscc}/cards").content.decode()
    page = client.get(address)
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    paper = client.get(f"{address}paper/")
    assert paper.content.startswith(b"%PDF")
    assert paper["X-Frame-Options"] == "SAMEORIGIN"

    def scan(content: bytes, name: str = "盖章.pdf") -> str:
        given = {"file": SimpleUploadedFile(name, content), "note": "已盖公章"}
        return client.post(f"{address}scans/", given, follow=True).content.decode()

    assert "按内容识别" in scan(b"MZ not a paper")
    assert "盖章扫描件已保存" in scan(PDF)
    assert "已有同一个扫描件" in scan(PDF)
    kept = document.scans.get()
    assert client.get(f"{address}scans/{kept.pk}/").content == PDF
    unit_user("firm", unit.uscc)
    taken = enter("firm").get(f"/portal/documents/{document.pk}/")
    assert taken.content == PDF, "a unit takes the sealed one"


def test_the_list_is_filtered_and_limited_to_the_own_offices(
    case: Case, clerk: Actor, unit: Unit, enter: Callable[..., Client]
) -> None:
    document = decisions.issue(stepped(case, "approve").pk, by=clerk, at=AT)
    person("stranger", "clerk", at_office="220200")
    stranger = enter("stranger")
    for address in ("", "paper/"):
        assert stranger.get(f"/desk/documents/{document.pk}/{address}").status_code == 404
    given = {"file": SimpleUploadedFile("x.pdf", PDF)}
    assert stranger.post(f"/desk/documents/{document.pk}/scans/", given).status_code == 404
    assert document.number not in stranger.get("/desk/documents/").content.decode()
    client = enter("clerk")
    for query, found in {
        "": True,
        f"text={unit.uscc}": True,
        "kind=refund_decision&year=2024&serial=1": True,
        "sealed=no": True,
        "sealed=yes": False,
        "year=2023": False,
        f"case={case.pk}": True,
        "text=别的单位": False,
    }.items():
        page = client.get(f"/desk/documents/?{query}").content.decode()
        assert (f"/desk/documents/{document.pk}/" in page) == found, query
    assert "出具" not in client.get("/desk/documents/?sealed=yes").content.decode()
    assert real_unit(2).name not in page
