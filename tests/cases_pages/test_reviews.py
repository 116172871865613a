"""The pages of review: opening, queues, bulk passing with the exceptions first, one case by three people. (N6.2)"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from caseworks.cases.models import Case, CaseNote, CommonOpinion, Examination, FlagClearing, Review, ReviewSheet
from refunds.models import Assessment, ScreeningRun
from tests.dispatch_pages.hostile import png
from tests.refunds_pages.conftest import assess, judged, make_unit, person, sign_in  # noqa: F401

pytestmark = pytest.mark.django_db
LIST = "/desk/reviews/"
SignIn = Callable[..., Client]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def opened(judged: ScreeningRun, sign_in: SignIn) -> dict[str, Case]:  # noqa: F811
    """Eligible units of 长春 (two) and 吉林 (one flagged) taken into review; nothing sampled."""
    assess(make_unit(5, "长春第二示例有限公司", "220102"), judged, amount=Decimal("700.00"), premium=Decimal("1166.67"))
    done = sign_in("clerk").post(reverse("cases:review_open"), {"year": "2024"}, follow=True)
    assert "已立件 3 件，进入初审。" in done.content.decode()
    ReviewSheet.objects.update(sampled=False)
    return {case.name: case for case in Case.objects.all()}


def act(client: Client, case: Case, action: str, **given: object) -> str:
    address = reverse("cases:case_act", args=[case.pk])
    if action == "pass":
        page = client.get(reverse("cases:case_detail", args=[case.pk])).content.decode()
        found = re.search(r'name="stage" value="(\w+)"', page)
        given = {"stage": found[1] if found else "first", "amount": str(case.amount), **given}
    return client.post(address, {"action": action, **given}, follow=True).content.decode()


def test_a_clerk_opens_what_is_eligible_and_sees_it_in_the_queue(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    page = sign_in("clerk").get(LIST).content.decode()
    text = words(page)
    assert "审核 · 2024 年度初审" in text
    assert "待初审 · 本岗应办 3 件 3 件 7,000.00 元" in text
    assert "疑似劳务派遣" in text
    assert "立件 " not in re.findall(r"<button[^>]*>.*?</button>", page)[0]
    assert Assessment.objects.filter(case__isnull=False).count() == 3


def test_the_exceptions_come_first_and_the_rest_goes_in_bulk(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    client = sign_in("clerk")
    address = reverse("cases:review_pass") + "?stage=first&year=2024"
    text = words(client.get(address).content.decode())
    assert text.index("须逐件办理 1 件") < text.index("可批量通过： 2 件 ，合计 6,700.00 元")
    assert "吉林人力服务有限公司 疑似劳务派遣 有提示尚未核实 300.00" in text
    wrong = client.post(address, {"count": "2", "amount": "6600.00", "opinion": "同意"}, follow=True).content.decode()
    assert "所见为 2 件、6,600.00 元，现为 2 件、6,700.00 元，未作任何更改" in wrong
    assert not Review.objects.exists()
    done = client.post(address, {"count": "2", "amount": "6700.00", "opinion": "同意"}, follow=True).content.decode()
    text = words(done)
    assert "初审已通过 2 件 ，合计 6,700.00 元" in text
    assert "1 件有提示，逐条核实后逐件通过 打开队列，逐件办理" in text
    (link,) = re.findall(r'<li class="is-amber"><a href="([^"]+)"', done)
    rest = words(client.get(link.replace("&amp;", "&")).content.decode())
    assert "吉林人力服务有限公司" in rest
    assert "初审已通过 2 件 ，合计" in words(client.get(reverse("cases:review_done")).content.decode())
    assert Case.objects.filter(status="first_passed").count() == 2


def test_chosen_rows_alone_are_passed(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    client, case = sign_in("clerk"), opened["长春第二示例有限公司"]
    address = f"{reverse('cases:review_pass')}?stage=first&year=2024&cases={case.pk}"
    assert "所选可批量通过： 1 件 ，合计 700.00 元" in words(client.get(address).content.decode())
    client.post(address, {"count": "1", "amount": "700.00", "opinion": ""})
    assert list(Case.objects.filter(status="first_passed")) == [case]


def test_one_case_by_three_people_with_its_flag_cleared(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    case = opened["吉林人力服务有限公司"]
    clerk = sign_in("clerk")
    assert "有提示尚未核实" in clerk.get(reverse("cases:case_detail", args=[case.pk])).content.decode()
    assert "请写明核实情况" in act(clerk, case, "clear", flag="dispatch_suspected", opinion=" ")
    assert "核实情况已记录" in act(clerk, case, "clear", flag="dispatch_suspected", opinion="名称含人力，无派遣业务")
    assert "初审已通过：吉林人力服务有限公司" in act(clerk, case, "pass", opinion="同意")
    assert "1 件您已在前面的环节签署" in act(clerk, case, "pass", opinion="同意")
    reviewer = sign_in("reviewer")
    assert "请选择退回原因" in act(reviewer, case, "send_back", opinion="依据不足")
    page = act(reviewer, case, "send_back", opinion="依据不足", reasons=["evidence_missing"])
    assert "已退回初审" in page
    assert "依据材料不足：依据不足" in words(page)
    assert "初审已通过" in act(clerk, case, "pass", opinion="补充说明后同意")
    assert "复核已通过" in act(reviewer, case, "pass", opinion="同意")
    text = words(act(sign_in("approver"), case, "pass", opinion="同意"))
    assert "审批已通过" in text
    assert "名称含人力，无派遣业务" in text
    case.refresh_from_db()
    assert case.status == "approved"
    assert FlagClearing.objects.count() == 1


def test_a_sampled_case_is_opened_before_it_is_passed(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    case, clerk = opened["长春示例机械有限公司"], sign_in("clerk")
    ReviewSheet.objects.filter(case=case).update(sampled=True)
    assert "属于抽查件，须先逐件打开核对" in act(clerk, case, "pass", opinion="同意")
    assert "已记录逐件核对" in act(clerk, case, "examine")
    assert Examination.objects.filter(case=case).count() == 1
    assert "初审已通过" in act(clerk, case, "pass", opinion="同意")


def test_the_other_ways_of_a_case(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    first, second = opened["长春示例机械有限公司"], opened["长春第二示例有限公司"]
    clerk, approver = sign_in("clerk"), sign_in("approver")
    assert "备注已保存" in act(clerk, first, "note", opinion="已电话联系")
    assert CaseNote.objects.get().text == "已电话联系"
    assert "“撤回”须写明理由" in act(clerk, first, "withdraw", opinion="")
    assert "已撤回" in act(clerk, first, "withdraw", opinion="单位放弃")
    assert "已作不予支付处理" in act(approver, second, "refuse", opinion="查实不符")
    assert "提交的内容不完整" in act(clerk, second, "nothing")
    assert set(Case.objects.values_list("status", flat=True)) == {"withdrawn", "refused", "opened"}


def test_what_is_elsewhere_is_not_there(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    far = opened["吉林人力服务有限公司"]
    client = sign_in("clerk", "220100")
    assert client.get(reverse("cases:case_detail", args=[far.pk])).status_code == 404
    assert client.post(reverse("cases:case_act", args=[far.pk]), {"action": "note", "opinion": "x"}).status_code == 404
    text = words(client.get(LIST).content.decode())
    assert "吉林人力服务有限公司" not in text
    assert "待初审 · 本岗应办 2 件 2 件 6,700.00 元" in text


def test_an_auditor_reads_and_changes_nothing(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    case, auditor = opened["长春示例机械有限公司"], sign_in("auditor")
    page = auditor.get(reverse("cases:case_detail", args=[case.pk])).content.decode()
    assert "办理历史" in page
    assert "<textarea" not in page
    assert auditor.post(reverse("cases:case_act", args=[case.pk]), {"action": "note"}).status_code == 403
    assert auditor.post(reverse("cases:review_open"), {"year": "2024"}).status_code == 403
    assert (
        "您没有办理初审的权限"
        in auditor.get(reverse("cases:review_pass") + "?stage=first", follow=True).content.decode()
    )


def test_waiting_signatures_stand_on_the_workbench(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    assert "待初审" in sign_in("clerk").get("/desk/").content.decode()


def test_the_list_asks_little(opened: dict[str, Case], sign_in: SignIn, django_assert_max_num_queries) -> None:  # noqa: F811
    client = sign_in("clerk")
    client.get(LIST)
    with django_assert_max_num_queries(27):
        client.get(LIST)


def test_without_cases_the_page_says_what_to_do(sign_in: SignIn) -> None:  # noqa: F811
    assert "这一环节没有待办" in sign_in("clerk").get(LIST).content.decode()


def test_a_case_is_taken_and_a_colleague_takes_it_over_knowingly(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    case, clerk, other = opened["长春示例机械有限公司"], sign_in("clerk"), sign_in("clerk", "220100")
    take = reverse("cases:review_take")
    assert "已认领 1 件" in other.post(take, {"action": "take", "cases": [case.pk]}, follow=True).content.decode()
    page = clerk.get(reverse("cases:case_detail", args=[case.pk])).content.decode()
    assert "已认领本件。如须由您办理，请先改由您承办" in page
    assert "已由同事认领" in act(clerk, case, "pass", opinion="同意")
    back = reverse("cases:case_detail", args=[case.pk])
    clerk.post(take, {"action": "over", "cases": [case.pk], "back": back})
    assert "初审已通过" in act(clerk, case, "pass", opinion="同意", keep="1")
    assert CommonOpinion.objects.get().text == "同意"


def test_a_case_has_its_sheet_its_files_and_its_year_in_words(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    case, clerk, reviewer = opened["长春示例机械有限公司"], sign_in("clerk"), sign_in("reviewer")
    act(clerk, case, "pass", opinion="同意")
    act(reviewer, case, "send_back", opinion="缺凭证", reasons=["evidence_missing"])
    page = words(clerk.get(reverse("cases:case_detail", args=[case.pk])).content.decode())
    assert page.index("退回原因：依据材料不足 缺凭证") < page.index("审核记录")
    assert "退回初审（依据材料不足）：缺凭证" in page
    picture = SimpleUploadedFile("凭证.png", png(10, 10))
    address = reverse("cases:case_attach", args=[case.pk])
    assert (
        "附件“凭证.png”已保存"
        in clerk.post(address, {"file": picture, "words": "缴费凭证"}, follow=True).content.decode()
    )
    file = case.files.get()
    assert clerk.get(reverse("cases:case_file", args=[case.pk, file.pk])).status_code == 200
    assert sign_in("clerk", "220200").get(reverse("cases:case_file", args=[case.pk, file.pk])).status_code == 404
    sheet = clerk.get(reverse("cases:case_sheet", args=[case.pk]))
    assert (sheet.status_code, sheet.content[:5]) == (200, b"%PDF-")


def test_opinions_are_kept_and_removed_by_their_person(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    clerk, address = sign_in("clerk"), reverse("cases:opinion_list")
    assert "已保存" in clerk.post(address, {"stage": "first", "text": "核对无误"}, follow=True).content.decode()
    kept = CommonOpinion.objects.get()
    page = clerk.get(reverse("cases:case_detail", args=[opened["长春示例机械有限公司"].pk])).content.decode()
    assert 'value="核对无误"' in page
    sign_in("reviewer").post(address, {"remove": kept.pk})
    assert CommonOpinion.objects.count() == 1
    clerk.post(address, {"remove": kept.pk})
    assert CommonOpinion.objects.count() == 0


def test_what_waits_is_shown_office_by_office(opened: dict[str, Case], sign_in: SignIn) -> None:  # noqa: F811
    text = words(sign_in("clerk").get(reverse("cases:review_offices") + "?stage=first").content.decode())
    assert "（代办） 2 6,700.00" in text
