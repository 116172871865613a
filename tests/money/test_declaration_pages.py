"""The page of declarations: entered by a clerk with source and scan, confirmed by a reviewer, then paid."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from caseworks.people.actors import Actor
from caseworks.registry.models import Account, AccountDeclaration
from tests.money.conftest import Cases, Staff
from tests.money.test_pages import page, words
from tests.people.builders import person

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def test_from_wanting_to_paid(cases: Cases, staff: Staff) -> None:
    case = cases.make(1, account="tax", declared=False, size="micro")
    Account.objects.update(source="accounts.csv")
    unit, url = cases.unit(1), reverse("money:declaration_list")
    clerk, reviewer = page(staff.clerk), page(staff.reviewer)
    assert "示例1商贸有限公司" in words(clerk, url)
    assert "accounts.csv · 2024-07-09" in words(clerk, url)
    assert "请写明声明的来源" in words(clerk, url, {"action": "declare", "units": [unit.uscc]})
    given = {"action": "declare", "units": [unit.uscc], "source": "单位书面声明", "declared_on": "2024-07-08"}
    scan = SimpleUploadedFile("声明.pdf", PDF)
    assert "已登记 1 户的声明，请由另一人确认" in words(clerk, url, {**given, "file": scan, "show": "wanting"})
    assert "没有待声明的单位" in words(clerk, url)
    row = AccountDeclaration.objects.get()
    seen = words(reviewer, url + "?show=proposed&text=示例1")
    assert "单位书面声明" in seen
    assert reviewer.get(reverse("money:declaration_file", args=[row.pk])).content == PDF
    confirm = {"action": "confirm", "declarations": [row.pk], "show": "proposed"}
    assert "确认声明的权限" in words(clerk, url, confirm)
    assert "已确认 1 户的声明" in words(reviewer, url, confirm)
    assert "声明没有对公账户：单位书面声明，2024-07-08" in words(
        clerk, reverse("registry:unit_detail", args=[unit.uscc])
    )
    (payment,) = cases.send([case])
    seen = words(clerk, reverse("money:payment_detail", args=[payment.pk]))
    assert "来源 accounts.csv，2024-07-09" in seen
    assert "单位书面声明，2024-07-08 声明" in seen
    ending = {"action": "end", "declarations": [row.pk], "because": "已开立对公账户", "show": "confirmed"}
    assert "已终止 1 户的声明" in words(reviewer, url, ending)
    assert "已开立对公账户" in words(reviewer, url + "?show=ended")


def test_a_stranger_sees_and_changes_nothing(cases: Cases, staff: Staff) -> None:
    cases.make(1, account="tax", declared=False, size="micro")
    uscc, url = cases.unit(1).uscc, reverse("money:declaration_list")
    far = page(Actor.of_person(person("far", "clerk", at_office="220200")))
    assert "没有待声明的单位" in words(far, url)
    given = {"action": "declare", "units": [uscc], "source": "x", "declared_on": "2024-07-08"}
    assert "没有选中单位" in words(far, url, given)
    assert not AccountDeclaration.objects.exists()
