"""A case through its three people in a real browser, and the list through the public's eyes: each does only what is theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from caseworks.base.models import Notice
from caseworks.cases import announcements, openings, reviews
from caseworks.cases.models import Announcement, Case, Hold, Objection, Review, ReviewSheet
from caseworks.people.actors import Actor
from refunds import screening
from tests.e2e.conftest import PHONE
from tests.refunds.build import a_year, make_unit
from tests.refunds.conftest import AS_OF, AT, OPERATOR
from tests.refunds_pages.staff import make_person

pytestmark = pytest.mark.e2e
ROLES = ("clerk", "reviewer", "approver", "supervisor")
FLAGGED = "示例人力资源有限公司"
People = dict[str, Actor]


@pytest.fixture
def people(transactional_db: None, settings: Any, tmp_path: Path) -> People:
    """A bureau with four judged units of 720.00 each, one of which has a flag."""
    cache.clear()
    settings.TRAINING = True
    settings.MEDIA_ROOT = tmp_path / "media"
    call_command("setup")
    for number in range(1, 5):
        changes = {"name": FLAGGED} if number == 4 else {}
        a_year(make_unit(number, **changes).uscc)
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    return {role: Actor.of_person(make_person(role)) for role in ROLES}


def opened(people: People, *stages: str) -> list[int]:
    """The cases, passed by the people of these stages; the random sample is chosen away, the flag cleared."""
    openings.open_eligible(scheme="refunds", year=2024, by=people["clerk"], at=AT)
    ReviewSheet.objects.update(sampled=False)
    ids = list(Case.objects.order_by("pk").values_list("pk", flat=True))
    reviews.clear_flag(Case.objects.get(name=FLAGGED).pk, "dispatch_suspected", "名称所致", people["clerk"], AT)
    for stage in stages:
        by = people[{"first": "clerk", "second": "reviewer", "approval": "approver"}[stage]]
        for case in ids:  # one with a flag is passed by itself
            reviews.pass_on(stage=stage, case_ids=[case], opinion="同意", by=by, at=AT)
    return ids


def fits(page: Page, *paths: str) -> None:
    """Nothing runs out of the page on a phone."""
    for path in paths:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_a_clerk_clears_a_flag_in_words_and_passes_the_rest_in_bulk(
    people: People, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    page = open_page("clerk")
    page.goto("/desk/reviews/")
    page.get_by_role("button", name="立件 4 户").click()
    expect(page.get_by_text("已立件 4 件，进入初审。")).to_be_visible()
    ReviewSheet.objects.update(sampled=False)
    page.get_by_role("link", name="批量通过本条件全部").click()
    expect(page.get_by_role("heading", name="须逐件办理 1 件（不在本次之列）")).to_be_visible()
    expect(page.get_by_text("可批量通过：3 件，合计 2,160.00 元。")).to_be_visible()
    page.get_by_role("button", name="通过 3 件").click()
    expect(page.get_by_text("初审已通过 3 件，合计 2,160.00 元。")).to_be_visible()
    page.get_by_role("link", name="有提示，逐条核实后逐件通过").click()
    page.locator("tbody tr").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("有提示尚未核实。")).to_be_visible()
    page.get_by_label("核实情况").fill("已电话核实，无派遣业务")
    page.get_by_role("button", name="记录核实情况").click()
    expect(page.get_by_text("已电话核实，无派遣业务").first).to_be_visible()
    page.get_by_role("button", name="初审通过").click()
    expect(page.get_by_text(f"初审已通过：{FLAGGED}")).to_be_visible()
    assert set(Case.objects.values_list("status", flat=True)) == {"first_passed"}
    case = Case.objects.get(name=FLAGGED)
    fits(open_page("clerk", PHONE), "/desk/reviews/", f"/desk/cases/{case.pk}/")
    assert complaints == []


def test_a_reviewer_opens_a_sampled_case_and_sends_it_back_with_reasons(
    people: People, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    first, *_ = opened(people, "first")
    ReviewSheet.objects.filter(case=first).update(sampled=True)
    page = open_page("reviewer")
    page.goto("/desk/reviews/?kind=sampled")
    page.locator("tbody tr").first.click()
    expect(page.get_by_text("属于抽查件，须先逐件打开核对")).to_be_visible()
    page.get_by_role("button", name="已逐项核对本件").click()
    expect(page.get_by_role("button", name="复核通过")).to_be_visible()
    page.locator("summary", has_text="其他办理").click()
    page.get_by_label("依据材料不足").check()
    page.get_by_label("理由").fill("缺少年度报告")
    page.get_by_role("button", name="退回初审").click()
    expect(page.get_by_text("已退回初审")).to_be_visible()
    expect(page.get_by_text("退回原因：依据材料不足")).to_be_visible()
    assert Case.objects.get(pk=first).status == "opened"
    assert list(Review.objects.filter(case=first, standing=True)) == []
    clerk = open_page("clerk")
    clerk.goto("/desk/reviews/?kind=sent_back")
    clerk.locator("tbody tr").first.click()
    expect(clerk.get_by_text("缺少年度报告").first).to_be_visible()
    assert complaints == []


def test_an_approver_signs_the_count_and_the_sum_that_were_shown(
    people: People, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    ids = opened(people, "first", "second")
    page = open_page("approver")
    page.get_by_role("link", name="稳岗返还待审批").click()
    page.locator("[data-bulk-item]").first.check()
    expect(page.locator(".cw-bulkbar")).to_contain_text("已选 1 件 720.00 元")
    page.get_by_role("link", name="批量通过本条件全部").click()
    expect(page.get_by_text("可批量通过：3 件，合计 2,160.00 元。")).to_be_visible()
    reviews.send_back(
        case_ids=ids[:1], reasons=["evidence_missing"], opinion="同时被退回", by=people["reviewer"], at=timezone.now()
    )
    page.get_by_role("button", name="通过 3 件").click()
    expect(page.get_by_text("所见为 3 件、2,160.00 元，现为 2 件、1,440.00 元，未作任何更改")).to_be_visible()
    page.get_by_role("button", name="通过 2 件").click()
    expect(page.get_by_text("审批已通过 2 件，合计 1,440.00 元。")).to_be_visible()
    page.get_by_role("link", name="有提示，逐条核实后逐件通过").click()
    page.locator("tbody tr").first.click()
    expect(page.get_by_text("名称所致").first).to_be_visible()
    page.get_by_role("button", name="审批通过").click()
    expect(page.get_by_text(f"审批已通过：{FLAGGED}")).to_be_visible()
    assert sorted(Case.objects.values_list("status", flat=True)) == ["approved", "approved", "approved", "opened"]
    fits(open_page("approver", PHONE), "/desk/reviews/?hand=all", f"/desk/cases/{ids[1]}/")
    assert complaints == []


def listed(people: People, open_page: Callable[..., Page]) -> Announcement:
    """Drawn up by the reviewer, published by the approver, at their pages."""
    page = open_page("reviewer")
    page.goto("/desk/announcements/")
    page.get_by_role("link", name="拟制公示").click()
    page.get_by_role("button", name="拟制公示").click()
    expect(page.get_by_text("已拟制公示，共 4 户。请由另一人核对后发布。")).to_be_visible()
    expect(page.get_by_text("本人拟制的公示由另一人发布。")).to_be_visible()
    approver = open_page("approver")
    approver.goto(page.url)
    approver.get_by_role("button", name="发布公示（4 户，2,880.00 元").click()
    expect(approver.get_by_text("已发布：")).to_be_visible()
    return Announcement.objects.get()


def test_anybody_finds_a_name_objects_to_it_and_is_answered(
    people: People, open_page: Callable[..., Page], complaints: list[str], worker: None
) -> None:
    opened(people, "first", "second", "approval")
    announcement = listed(people, open_page)
    visitor = open_page("", PHONE)
    visitor.goto("/announcements/")
    visitor.get_by_label("在全部名单中查单位").fill("人力资源")
    visitor.get_by_role("button", name="查询").click()
    visitor.get_by_role("link", name=announcement.number).first.click()
    expect(visitor.get_by_text("共 4 户，2,880.00 元")).to_be_visible()
    visitor.get_by_role("link", name=f"对{FLAGGED}提出异议").click()
    visitor.get_by_label("异议内容").fill("去年十二月裁了二十人")
    visitor.get_by_label("您的姓名或单位名称").fill("李某")
    visitor.get_by_label("联系方式").fill("139-0000-0000")
    visitor.get_by_role("button", name="提交异议").click()
    expect(visitor.get_by_text("异议已登记").first).to_be_visible()
    objection = Objection.objects.get()
    assert Hold.objects.get(released_at=None).case.name == FLAGGED

    page = open_page("supervisor")
    page.get_by_role("link", name="公示异议待处理").click()
    page.get_by_role("row").filter(has_text=FLAGGED).get_by_role("link").first.click()
    expect(page.get_by_text("去年十二月裁了二十人")).to_be_visible()
    page.get_by_label("结论").select_option("no")
    page.get_by_label("答复").fill("经查减员均为退休")
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_text("已处理：异议不成立。")).to_be_visible(timeout=60_000)
    letter = page.request.get(page.get_by_role("link", name="答复书").get_attribute("href") or "")
    assert letter.body()[:4] == b"%PDF"
    assert not Hold.objects.filter(released_at=None).exists()
    assert set(Notice.objects.filter(template__contains="answered").values_list("template", "subject")) == {
        ("objection_answered", objection.line.case.subject), ("objector_answered", f"objector/{objection.pk}"),
    }  # fmt: skip
    address = f"/announcements/{announcement.slug}/"
    fits(visitor, "/announcements/", address, f"{address}?q=人力资源")
    fits(open_page("supervisor", PHONE), "/desk/announcements/", "/desk/objections/")
    assert announcements.due_corrections(Announcement.objects.all()) == []
    assert complaints == []
