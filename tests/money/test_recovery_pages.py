"""The recovery pages as staff use them: from putting one forward to the money back, within the own offices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from caseworks.money.models import Recovery, Repayment
from tests.money.conftest import Cases
from tests.money.test_claims import PDF, paid
from tests.people.builders import PASSWORD, person

__all__ = ["paid"]


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def browser(username: str) -> Client:
    client = Client()
    assert client.login(username=username, password=PASSWORD, request=client.get("/login/").wsgi_request)
    return client


def act(client: Client, row: Recovery, action: str, **given: Any) -> str:
    url = reverse("money:recovery_act", args=[row.pk])
    return client.post(url, {"action": action, **given}, follow=True).content.decode()


def test_from_putting_forward_to_the_money_back(paid: Cases) -> None:
    supervisor, elsewhere = person("chief", "supervisor"), person("far", "clerk", at_office="220200")
    clerk, cashier, second, chief = (
        browser(name) for name in ("clerk-a", "cashier-a", "cashier-b", supervisor.username)
    )
    given = {
        "scheme": "refunds", "year": "2024", "subject": paid.unit(1).uscc, "kind": "overpaid", "origin": "audit",
        "amount": "600.01", "reason": "审计发现虚报", "basis": "社会保险法第八十八条",
    }  # fmt: skip
    page = clerk.post(reverse("money:recovery_new"), given).content.decode()
    assert "不超过 600.00 元" in page
    page = clerk.post(reverse("money:recovery_new"), {**given, "amount": "200"}, follow=True).content.decode()
    row = Recovery.objects.get()
    assert "由您提出，请由另一人确认" in page
    assert "已确认追回" in act(chief, row, "confirm")
    assert "没有对" in act(cashier, row, "notice")
    assert "已出具责令退回通知书" in act(clerk, row, "notice")
    proof = SimpleUploadedFile("回证.pdf", PDF)
    assert "退还期限至" in act(clerk, row, "deliver", how="直接送达", receiver="王某", proof=proof)
    assert "由另一人按银行凭证确认" in act(cashier, row, "repay", amount="200", bank_ref="B1")
    assert "确认到账" not in cashier.get(reverse("money:recovery_detail", args=[row.pk])).content.decode()
    url = reverse("money:repayment_decide", args=[Repayment.objects.get().pk])
    page = second.post(url, {"decision": "confirm"}, follow=True).content.decode()
    assert "已确认，计入台账" in page
    row.refresh_from_db()
    assert row.status == "closed"
    for entry in row.entries.exclude(document=None, file=None):
        paper = clerk.get(reverse("money:recovery_paper", args=[row.pk, entry.pk]))
        assert paper["Content-Type"] == "application/pdf"
    page = clerk.get(reverse("registry:unit_cards", args=[row.subject])).content.decode()
    assert "资金往来台账" in page
    assert "400.00" in page
    far = browser(elsewhere.username)
    assert far.get(reverse("money:recovery_detail", args=[row.pk])).status_code == 404
    assert far.post(url, {"decision": "confirm"}).status_code == 403


def test_lists_totals_and_exports(paid: Cases) -> None:
    from tests.money.test_claims import claim

    row = claim(paid)
    clerk = browser("clerk-a")
    page = clerk.get(reverse("money:recovery_list")).content.decode()
    assert row.name in page
    for query, found in (("state=closed", False), (f"state=&text={row.number}", True), ("state=overdue", False)):
        assert (row.name in clerk.get(f"{reverse('money:recovery_list')}?{query}").content.decode()) == found, query
    totals = clerk.get(reverse("money:recovery_totals")).content.decode()
    assert "尚欠（元） <b>200.00</b>" in totals
    for url in (
        reverse("money:recovery_export", args=["csv"]),
        reverse("money:ledger_export", args=["csv"]) + "?year=2024",
    ):
        text = b"".join(clerk.get(url).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert row.subject in text


def test_a_statement_page_tells_what_was_matched(paid: Cases) -> None:
    from tests.money.test_claims import ordered

    row = ordered(paid)
    cashier = browser("cashier-a")
    text = f"流水号,日期,金额,付款人,附言\nB1,2024-08-20,50.00,张三,{row.number}\nB2,2024-08-20,1.00,李四,\n"
    upload = SimpleUploadedFile("statement.csv", text.encode())
    page = cashier.post(reverse("money:repayment_match"), {"file": upload}).content.decode()
    assert "登记 1 笔，已登记过 0 笔，未匹配 1 笔" in page
    page = browser("cashier-b").get(f"{reverse('money:repayment_list')}?status=entered").content.decode()
    assert "B1" in page
    assert "核对" in page
