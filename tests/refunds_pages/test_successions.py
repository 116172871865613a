"""单位承继 at the desk: entered, confirmed by another, seen on the judgement page and at the counter. (decision 0042)"""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from caseworks.registry.models import Succession
from refunds.models import Assessment
from tests.refunds.build import a_year, record
from tests.refunds.conftest import AS_OF, AT, OPERATOR, bureau  # noqa: F401
from tests.refunds.test_successions import named
from tests.refunds_pages.conftest import plain
from tests.refunds_pages.staff import make_person

pytestmark = pytest.mark.django_db(transaction=True)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


@pytest.fixture
def browser(bureau: None) -> Callable[..., Client]:  # noqa: F811
    def make(role: str, office: str = "220000") -> Client:
        client = Client()
        client.force_login(make_person(role, office), "caseworks.people.backends.RoleBackend")
        return client

    return make


def test_from_the_form_to_the_joined_judgement(browser: Callable[..., Client]) -> None:
    from refunds import screening

    old, new = named(1, "松花（吉林）机械厂"), named(2, "松花智能装备有限公司")
    a_year(old.uscc, 2022)
    a_year(old.uscc, 2023, range(1, 7))
    a_year(new.uscc, 2023, range(7, 13))
    record(new.uscc, "2023-01", headcount=0)
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    clerk, reviewer, stranger = browser("clerk"), browser("reviewer"), browser("auditor", "220300")
    assert "没有单位承继" in plain(clerk.get(reverse("refunds:succession_list")))
    url = reverse("refunds:succession_new")
    sent = {
        "predecessor": old.uscc, "successor": new.uscc, "effective_on": "2023-07-01", "document_no": "准字12号",
        "note": "",
    }  # fmt: skip
    wrong = sent | {"file": SimpleUploadedFile("a.pdf", b"nothing")}
    assert "不是可用的 PDF、JPG 或 PNG 文件" in plain(clerk.post(url, wrong))
    sent |= {"file": SimpleUploadedFile("准予登记.pdf", PDF)}
    page = plain(clerk.post(url, sent, follow=True))
    assert "等待另一人确认" in page
    row = Succession.objects.get()
    detail = reverse("refunds:succession_detail", args=[row.pk])
    assert "须由另一位复核人员办理" in plain(clerk.post(detail, {"decision": "confirm"}, follow=True))
    assert "单位承继待确认" in plain(reviewer.get("/desk/"))
    assert "请写明不予确认的原因" in plain(reviewer.post(detail, {"decision": "refuse", "note": ""}))
    assert "已确认，缴费合并计算，已重新核算 2 份核算单" in plain(
        reviewer.post(detail, {"decision": "confirm", "note": "与通知书相符"}, follow=True)
    )
    assert (Assessment.objects.get(uscc=new.uscc).outcome, row.file.name) == ("eligible", "准予登记.pdf")
    assert reviewer.get(reverse("refunds:succession_file", args=[row.pk])).content == PDF
    for address in (detail, reverse("refunds:succession_file", args=[row.pk])):
        assert stranger.get(address).status_code == 404
    judged = plain(clerk.get(reverse("refunds:assessment_detail", args=[2024, new.uscc])))
    assert f"2023-07-01 承继松花（吉林）机械厂（{old.uscc}，准字12号），其缴费、减员和年初人数并入本单位核算" in judged
    assert "2023-03" in judged
    nothing = plain(clerk.get(reverse("refunds:assessment_detail", args=[2024, old.uscc])))
    assert f"该单位已由松花智能装备有限公司（{new.uscc}）承继" in nothing
    found = plain(clerk.get("/desk/why/", {"q": "松花(吉林)"}))
    assert "找到 2 户" in found
    assert "松花智能装备有限公司" in found
    answer = plain(clerk.get("/desk/why/", {"q": old.uscc}))
    assert "不再单独返还" in answer
    assert "按现在的数据重新核算，结论与上次筛查不同" not in judged
    assert datetime.date(2023, 7, 1) == row.effective_on
