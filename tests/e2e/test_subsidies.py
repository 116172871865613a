"""The skill subsidy in a real browser: at the counter with the number alone, and a worker's own claim on a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from playwright.sync_api import Page, expect

from caseworks.base.models import Notice
from caseworks.base.notices import recipients
from caseworks.base.sealed import lookup_hash
from subsidies import claim_files, claims
from subsidies.enums import Channel
from subsidies.models import Claim, Lookup
from tests.e2e.conftest import PHONE
from tests.e2e.test_pages import serious
from tests.refunds_pages.staff import make_person
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR

pytestmark = pytest.mark.e2e


@pytest.fixture
def counter(transactional_db: None, settings: object) -> Iterator[None]:
    """A bureau of June 2024 with a clerk, a reviewer and a supervisor, and the policy rows in force."""
    settings.TRAINING = True  # type: ignore[attr-defined]
    with time_machine.travel(dt.datetime(2024, 6, 28, 2, tzinfo=dt.UTC), tick=True):
        call_command("setup")
        for role in ("clerk", "reviewer", "supervisor"):
            make_person(role)
        yield


def test_at_the_counter_the_number_alone_brings_a_judged_claim(
    counter: None, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    id_no = build.worker(1, card=False)
    build.certificate(id_no, "S000000000001", code="6-31-01-03", level=4)
    build.certificate(id_no, "S000000000002", code="6-18-04-01", level=5, issued_on="2022-03-01")
    page = open_page("clerk")
    page.goto("/desk/subsidies/new/")
    page.get_by_label("证件号码").fill(id_no)
    page.get_by_role("button", name="查询").click()
    known = page.get_by_role("region", name="本人情况")
    for words in ("样例1", "36 个月", "示例enterprise（2022-01 至 2024-12）", "199****0001", "未激活"):
        expect(known).to_contain_text(words)
    expect(known).to_contain_text("社会保障卡金融功能未激活：可以申领，请提醒本人到发卡银行激活，激活后拨付。")
    rows = page.locator("form.long tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="S000000000001")).to_contain_text("可以申领")
    expect(rows.filter(has_text="S000000000002")).to_contain_text("不符合")
    expect(page.get_by_role("checkbox", name="申领 S000000000001")).to_be_checked()
    assert serious(page) == []
    page.get_by_role("checkbox", name="申领 S000000000002").check()
    page.get_by_role("button", name="受理").click()
    page.wait_for_url("**/desk/subsidies/workers/*/")
    for words in ("已受理，符合条件，1,500.00 元", "已受理，不符合条件"):
        expect(page.locator("body")).to_contain_text(words)
    granted, refused = (Claim.objects.get(cert_no=f"S00000000000{place}") for place in (1, 2))
    assert (granted.outcome, granted.amount, granted.slot, granted.channel) == ("granted", 1500, 1, "counter")
    assert (refused.outcome, refused.reasons) == ("refused", ["window_expired", "insured_months_insufficient"])
    assert Lookup.objects.count() == 2
    page.goto(f"/desk/subsidies/{refused.pk}/")
    expect(page.locator("main")).to_contain_text("2023-03-01")
    assert serious(page) == []
    assert id_no not in page.content()
    assert complaints == []


def code_sent() -> str:
    notice = Notice.objects.filter(template="subsidies_phone_code").latest("pk")
    return str(recipients.values(notice, recipients.of([notice])[notice.pk], opened=True)["code"])


def test_a_worker_claims_on_a_phone_and_sees_the_own_claims_only(
    counter: None, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    mine, other = build.worker(1), build.worker(2)
    build.certificate(mine, "S000000000001", level=3)
    build.certificate(other, "S000000000009", level=4)
    claims.take(id_no=other, cert_no="S000000000009", applied_on=AT.date(), channel=Channel.COUNTER, by=OPERATOR, at=AT)
    page = open_page("", PHONE)
    page.goto("/portal/subsidies/")
    page.get_by_label("证件号码").fill(mine)
    page.get_by_label("登记的手机号码").fill("19900000001")
    assert serious(page) == []
    page.get_by_role("button", name="获取验证码").click()
    page.wait_for_url("**/portal/subsidies/code/")
    page.get_by_label("短信验证码").fill("000000" if code_sent() != "000000" else "111111")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("短信验证码").fill(code_sent())
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/portal/subsidies/my/")
    expect(page.get_by_role("heading", name="样例1，您好")).to_be_visible()
    expect(page.locator("body")).to_contain_text("2,000.00 元")
    assert "S000000000009" not in page.content()
    assert serious(page) == []
    page.get_by_role("button", name="申领这一本").click()
    page.wait_for_url("**/portal/subsidies/my/claims/*/")
    expect(page.locator("main")).to_contain_text("已受理，等待审核")
    claim = Claim.objects.get(id_hash=lookup_hash(mine))
    assert (claim.channel, claim.outcome, claim.amount) == ("portal", "granted", 2000)
    theirs = Claim.objects.get(id_hash=lookup_hash(other))
    page.get_by_role("link", name="返回").click()
    expect(page.get_by_role("button", name="申领这一本")).to_have_count(0)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    assert mine not in page.content()
    assert [words for words in complaints if "422" not in words] == []
    answer = page.goto(f"/portal/subsidies/my/claims/{theirs.pk}/")
    assert answer is not None
    assert answer.status == 404


def test_the_pages_of_the_subsidy_are_accessible_and_fit_a_phone(
    counter: None, open_page: Callable[..., Page], complaints: list[str], tmp_path: Path
) -> None:
    id_no = build.worker(1)
    build.certificate(id_no, "S000000000001", level=4)
    (tmp_path / "claims.csv").write_text(f"id_no,cert_no,applied_on\n{id_no},S2,2024-06-03\n1,,x\n", encoding="utf-8")
    file, _ = claim_files.submit(tmp_path / "claims.csv", 2024, by=OPERATOR, at=AT)
    claim = claims.take(
        id_no=id_no, cert_no="S000000000001", applied_on=AT.date(), channel=Channel.COUNTER, by=OPERATOR, at=AT
    )
    worker = build.Worker.objects.get(id_hash=claim.id_hash).pk
    base = "/desk/subsidies/"
    page, found, wide = open_page("clerk"), {}, {}
    for place in (
        "", f"{claim.pk}/", f"workers/{worker}/", f"workers/{worker}/card/", "cards/", "files/", f"files/{file.pk}/", "files/new/",
        "overlaps/", "invitations/", "statistics/",
    ):  # fmt: skip
        answer = page.goto(base + place, wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200, place
        found[place] = serious(page)
        page.set_viewport_size(PHONE)
        wide[place] = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        page.set_viewport_size({"width": 1440, "height": 900})
    assert {place: words for place, words in found.items() if words} == {}
    assert {place: by for place, by in wide.items() if by > 0} == {}
    assert complaints == []
