"""The portal: an enterprise sees its own unit and nothing else, in plain words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from caseworks.base import notices
from caseworks.base.documents import papers
from caseworks.base.models import Document, Notice
from caseworks.base.notices import Event
from caseworks.cases import history, holds
from caseworks.cases.enums import HoldKind
from caseworks.cases.holds import Held
from caseworks.cases.models import Case
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry import accounts
from caseworks.registry.models import Account, Unit
from refunds import scheme
from tests.people.builders import SHELL, person, unit_user
from tests.portal.conftest import real_unit, screened
from tests.refunds.build import record

AT = dt.datetime(2024, 7, 9, 1, 30, tzinfo=dt.UTC)
CLOCK = Actor.of_command("test")
TEMPLATE = Path(__file__).parents[1] / "documents" / "paper.typ"


def words(client: Client, address: str = "/portal/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def case_of(unit: Unit, *steps: str) -> Case:
    from caseworks.cases import openings

    openings.open_eligible(scheme="refunds", year=2024, by=CLOCK, at=AT)
    case = Case.objects.get(subject=unit.uscc)
    for step in steps:
        history.take(step, [case.pk], by=CLOCK, at=AT)
    case.refresh_from_db()
    return case


def test_an_enterprise_lands_in_the_portal_and_staff_never(
    firm: Actor, unit: Unit, enter: Callable[..., Client]
) -> None:
    client = enter()
    assert client.get("/desk/")["Location"] == "/portal/"
    assert unit.name in words(client)
    person("wang", "clerk")
    assert enter("wang").get("/portal/").status_code == 403
    assert Client().get("/portal/")["Location"].startswith("/login/")


def test_a_user_of_several_units_chooses_and_a_foreign_one_is_not_to_be_had(
    unit: Unit, enter: Callable[..., Client]
) -> None:
    other, foreign = real_unit(2), real_unit(3)
    unit_user("agent", unit.uscc, other.uscc)
    client = enter("agent")
    assert client.get("/portal/")["Location"] == "/portal/choose/"
    assert foreign.uscc not in words(client, "/portal/choose/")
    assert "您没有绑定所选的单位" in client.post("/portal/choose/", {"uscc": foreign.uscc}).content.decode()
    assert client.get("/portal/")["Location"] == "/portal/choose/"
    assert client.post("/portal/choose/", {"uscc": other.uscc})["Location"] == "/portal/"
    page = words(client)
    assert other.name in page
    assert unit.name not in page


def test_a_user_of_no_unit_is_told_whom_to_ask(bureau: None, enter: Callable[..., Client]) -> None:
    unit_user("lonely")
    client = enter("lonely")
    assert client.get("/portal/")["Location"] == "/portal/choose/"
    assert "还没有绑定单位" in words(client, "/portal/choose/")


def test_a_binding_that_was_taken_away_ends_at_once(unit: Unit, enter: Callable[..., Client]) -> None:
    other = real_unit(2)
    user = unit_user("agent", unit.uscc, other.uscc)
    client = enter("agent")
    client.post("/portal/choose/", {"uscc": other.uscc})
    user.units.filter(uscc=other.uscc).delete()
    page = words(client)
    assert unit.name in page
    assert other.name not in page


# -- my state


def test_before_an_approval_nothing_is_promised(firm: Actor, unit: Unit, enter: Callable[..., Client]) -> None:
    row, client = screened(unit), enter()
    assert (row.outcome, str(row.amount)) == ("eligible", "720.00")
    for steps in ((), ("pass_first",), ("pass_second",)):
        page = words(client)
        assert "正在审核" in page
        assert "720.00" not in page
        assert "符合" not in page
        case_of(unit, *steps)


@pytest.mark.tampers  # paid by the step alone, without a payment
@pytest.mark.parametrize(
    ("steps", "headline"),
    [
        (("approve",), "审核通过，等待公示"),
        (("approve", "announce"), "正在公示"),
        (("approve", "announce", "clear"), "等待拨付"),
        (("approve", "announce", "clear", "batch"), "正在拨付"),
        (("approve", "announce", "clear", "batch", "pay"), "已拨付"),
    ],
)
def test_after_it_the_amount_and_the_stage_are_told(
    firm: Actor, unit: Unit, enter: Callable[..., Client], steps: tuple[str, ...], headline: str
) -> None:
    screened(unit)
    case_of(unit, "pass_first", "pass_second", *steps)
    page = words(enter())
    assert headline in page
    assert "720.00 元" in page


def test_a_refusal_says_the_number_the_limit_the_clause_and_whom_to_call(
    firm: Actor, unit: Unit, enter: Callable[..., Client]
) -> None:
    record(unit.uscc, "2023-12", serial="2", headcount=-4)
    assert screened(unit).outcome == "ineligible"
    page = words(enter())
    assert "不符合条件，原因如下" in page
    assert "净减员 4 人，裁员率 40.00%，高于 20%" in page
    assert "0431-1234567" in page


OPEN = """
    SELECT u.uscc AS subject, u.name, u.office_id, u.city_office_id, 100.00::numeric AS amount,
           sha256(u.uscc::bytea) AS fingerprint
    FROM registry_unit u WHERE u.uscc = %(uscc)s
"""


@pytest.mark.tampers  # a case of dispatch without its application
def test_an_agency_that_has_applied_is_not_told_to_apply(firm: Actor, unit: Unit, enter: Callable[..., Client]) -> None:
    Unit.objects.filter(pk=unit.pk).update(dispatch_licence="示例 1 号")
    assert screened(unit).outcome == "apply"
    assert "须主动申请" in words(enter())
    history.open_cases(scheme="dispatch", year=2024, select=OPEN, params={"uscc": unit.uscc}, by=CLOCK, at=AT)
    page = words(enter())
    assert "须主动申请" not in page
    assert "按劳务派遣单位申请办理" in page


# -- what I must do


def test_a_missing_account_is_a_thing_to_do_until_one_is_handed_in(
    firm: Actor, unit: Unit, enter: Callable[..., Client]
) -> None:
    screened(unit)
    case = case_of(unit, "pass_first", "pass_second", "approve", "announce", "clear")
    client = enter()
    assert "现在没有需要您办理的事" in words(client)
    held = Held(case.pk, HoldKind.ACCOUNT_MISSING, "没有可用的收款账户，请单位补充。")
    holds.place([held], by=CLOCK, at=AT)
    assert "没有可用的收款账户，请单位补充。" in words(client)
    handed_in(client, unit)
    assert "现在没有需要您办理的事" in words(client)


def test_what_a_scheme_wants_done_stands_with_its_working_days(
    firm: Actor, unit: Unit, enter: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    from caseworks.base.panels import Duty
    from caseworks.law import calendars

    def duties(uscc: str, on: dt.date) -> list[Duty]:
        last = calendars.current().add_working_days(on, 3).on
        late = on - dt.timedelta(days=30)
        return [Duty("报送资金使用情况", due_on=last), Duty("上传凭证", due_on=late), Duty("核对资料")]

    monkeypatch.setattr(scheme, "portal_duties", duties, raising=False)
    page = words(enter())
    assert "还有 <strong>3</strong> 个工作日" in page
    assert "已超过期限" in page
    assert page.index("上传凭证") < page.index("报送资金使用情况") < page.index("核对资料")


# -- what I was sent


def test_messages_are_read_once_and_only_ones_own(firm: Actor, unit: Unit, enter: Callable[..., Client]) -> None:
    other = real_unit(2)
    for number, to in enumerate((unit, other)):
        params = {
            "business": "稳岗返还",
            "amount": "720.00",
            "paid_on": "2024-07-09",
            "bank": "示例银行",
            "tail": "6789",
        }
        event = Event(f"paid:{number}", to.uscc, to.name, to.office_id, to.city_office_id, year=2024, params=params)
        notices.post([event], template="paid", at=AT)
    mine, foreign = Notice.objects.filter(channel="portal").order_by("pk")
    client = enter()
    assert words(client).count("未读") == 2  # the count beside the tab, and the line
    assert "稳岗返还 720.00 元已于 2024-07-09 拨付到" in words(client, f"/portal/messages/{mine.pk}/")
    assert "未读" not in words(client, "/portal/messages/")
    mine.refresh_from_db()
    assert mine.read_label == "firm（firm）"
    assert client.get(f"/portal/messages/{foreign.pk}/").status_code == 404
    sms = Notice.objects.get(channel="sms", subject=unit.uscc)
    assert client.get(f"/portal/messages/{sms.pk}/").status_code == 404


def test_papers_are_taken_away_by_those_they_were_written_to(
    firm: Actor, unit: Unit, enter: Callable[..., Client]
) -> None:
    data = {"name": "", "paragraphs": [], "facts": [], "header": ["x"], "rows": []}
    for subject in (unit.uscc, "91220100000000002X"):
        papers.issue(
            "refund_decision",
            issuer="长春市",
            year=2024,
            title="核定通知",
            template=TEMPLATE,
            data=data,
            at=AT,
            label="clerk",
            office_id=unit.office_id,
            city_office_id=unit.city_office_id,
            subject=subject,
        )
    mine, foreign = Document.objects.order_by("pk")
    client = enter()
    assert "长春市〔2024〕1号" in words(client, "/portal/documents/")
    assert "长春市〔2024〕2号" not in words(client, "/portal/documents/")
    response = client.get(f"/portal/documents/{mine.pk}/")
    assert response.content.startswith(b"%PDF")
    assert response["Content-Disposition"].startswith("attachment")
    assert client.get(f"/portal/documents/{foreign.pk}/").status_code == 404


# -- the account


def handed_in(client: Client, unit: Unit, number: str = "6222 0000 1111 2222", **changes: str) -> str:
    given = {
        "account_name": unit.name,
        "account_no": number,
        "account_again": number,
        "bank_name": "示例银行长春分行",
        "bank_code": "",
        **changes,
    }
    return client.post("/portal/account/", given, follow=True).content.decode()


def test_an_account_is_handed_in_and_waits_for_another_person(
    firm: Actor, unit: Unit, enter: Callable[..., Client]
) -> None:
    client = enter()
    page = handed_in(client, unit)
    assert "账户已提交，待经办机构核实" in page
    assert "**** 2222" in page
    assert "6222" not in page
    row = Account.objects.get()
    assert (row.status, row.kind, row.account_no, row.proposed_by) == (
        "proposed",
        "corporate",
        "6222000011112222",
        firm.person,
    )
    reviewer = Actor.of_person(person("shen", "reviewer", at_office="220100"))
    accounts.confirm(row, by=reviewer, at=AT)
    assert "在用" in words(client, "/portal/account/")
    assert "该账号与在用账户相同" in handed_in(client, unit)
    handed_in(client, unit, "6222000033334444")
    handed_in(client, unit, "6222000055556666")
    assert list(Account.objects.order_by("pk").values_list("account_tail", "status")) == [
        ("2222", "current"),
        ("4444", "superseded"),
        ("6666", "proposed"),
    ]
    accounts.refuse(Account.objects.get(account_tail="6666"), because="户名不符", by=reviewer, at=AT)
    assert "尾号 6666 的账户未通过核实：户名不符" in words(client, "/portal/account/")


@pytest.mark.parametrize(
    ("changes", "words_of_it"),
    [
        ({"account_again": "6222000011112223"}, "两次输入的账号不一致"),
        ({"account_no": "12", "account_again": "12"}, "银行账号应为 8 至 32 位数字"),
        ({"account_name": "别的公司"}, "户名“别的公司”与单位名称"),
        ({"bank_code": "123"}, "联行号应为 12 位数字"),
    ],
)
def test_a_wrong_account_is_refused_and_nothing_lost(
    firm: Actor, unit: Unit, enter: Callable[..., Client], changes: dict[str, str], words_of_it: str
) -> None:
    page = handed_in(enter(), unit, **changes)
    assert words_of_it in page
    assert "示例银行长春分行" in page
    assert not Account.objects.exists()


def test_nobody_hands_in_an_account_for_another_unit(unit: Unit) -> None:
    from caseworks.base.errors import Refusal

    other = real_unit(2)
    stranger = Actor.of_person(unit_user("stranger", other.uscc))
    staff = Actor.of_person(Person.objects.get(username="training-clerk"))
    for by in (stranger, staff, SHELL):
        with pytest.raises(Refusal, match="没有绑定该单位"):
            accounts.propose(
                unit.uscc,
                bank_name="示例银行",
                bank_code="",
                account_no="6222000011112222",
                account_name=unit.name,
                by=by,
                at=AT,
            )
