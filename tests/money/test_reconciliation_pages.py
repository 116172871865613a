"""The pages of reconciliation: a statement taken, the rest settled or matched by hand, the month closed by another."""

from __future__ import annotations

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from caseworks.money.models import Movement, ReconciledMonth, StatementLine
from caseworks.people.actors import Actor
from tests.money.conftest import Staff
from tests.money.test_pages import page, words
from tests.money.test_reconciling import HEADER, Account, account, paid_line
from tests.people.builders import person

__all__ = ["account"]


def test_from_a_statement_to_a_closed_month(account: Account, staff: Staff) -> None:
    one, two, three = account.paid
    cashier, second, clerk = page(staff.cashier), page(staff.second), page(staff.clerk)
    office = account.office.pk
    listed, take = reverse("money:reconciliation_list") + f"?office={office}", reverse("money:statement_take")
    month = reverse("money:reconciliation_month", args=[office, "2024-07"])
    act = reverse("money:reconciliation_act", args=[office, "2024-07"])
    assert "2024-07 待核实 3 306.00 0 0.00 306.00 3" in words(clerk, listed)
    wrong = cashier.post(
        take, {"office": office, "file": SimpleUploadedFile("a.csv", f"{HEADER}\n,,,,,,\nx,1,支出,,,,".encode())}
    )
    assert wrong.status_code == 422
    assert "第3行：日期“x”" in wrong.content.decode()
    assert f'value="{office}" selected' in wrong.content.decode()
    lines = [paid_line(one), "2024-07-11,102.00,支出,手工,,,", "2024-07-31,3.50,收入,利息,,,"]
    upload = SimpleUploadedFile("七月.csv", "\n".join([HEADER, *lines]).encode())
    seen = words(cashier, take, {"office": office, "file": upload})
    assert "共 3 行，新增 3 行，自动勾对流水 1 笔" in seen
    assert "未核实：流水 2 笔，对账单 2 笔" in seen
    assert "利息" in seen

    interest, by_hand = StatementLine.objects.get(reference="利息"), StatementLine.objects.get(reference="手工")
    assert "请写明核实情况" in words(cashier, act, {"action": "settle", "row": interest.pk, "because": " "})
    assert "该笔对账单明细已核实" in words(cashier, act, {"action": "settle", "row": interest.pk, "because": "结息"})
    seen = words(cashier, reverse("money:reconciliation_line", args=[office, by_hand.pk]))
    assert seen.index(two.payment_no) < seen.index(three.payment_no), "the same amount comes first"
    chosen = Movement.objects.get(payment=two)
    assert "已勾对 1 笔流水" in words(cashier, act, {"action": "match", "row": by_hand.pk, "movements": [chosen.pk]})
    assert three.payment_no in words(clerk, month + "?tab=ours")
    left = Movement.objects.get(payment=three)
    assert "该笔流水已核实" in words(cashier, act, {"action": "note", "row": left.pk, "because": "次月入账"})
    assert "人工勾对" in words(clerk, month + "?tab=matched")
    assert "次月入账" in words(clerk, month + "?tab=settled")
    assert "已撤回" in words(cashier, act, {"action": "unmatch", "row": interest.pk})
    words(cashier, act, {"action": "settle", "row": interest.pk, "because": "银行结息"})

    assert "2024-07 已提请关账，请由另一人关账" in words(cashier, act, {"action": "propose"})
    assert "您已提请关账" in words(cashier, month)
    assert "提请人和核实人以外的人" in words(cashier, act, {"action": "close"})
    assert "2024-07 已关账" in words(second, act, {"action": "close"})
    assert "待另一人关账" not in words(clerk, month)
    assert "2024-07 已关账" in words(cashier, act, {"action": "unmatch", "row": interest.pk})
    assert ReconciledMonth.objects.get().status == "closed"
    supervisor = page(Actor.of_person(person("supervisor-a", "supervisor")))
    assert "2024-07 已重开" in words(supervisor, act, {"action": "reopen", "because": "银行更正"})
    assert "重开：银行更正" in words(cashier, month)

    book = cashier.get(reverse("money:reconciliation_export", args=[office, "2024-07"]))
    rows = list(load_workbook(BytesIO(b"".join(book.streaming_content))).active.values)
    assert [row[3] for row in rows[1:]] == [f"稳岗返还 {one.payment_no}", "手工", "利息"]
    assert rows[2][6:8] == ("人工勾对", two.payment_no)
    assert rows[3][8] == "银行结息"


def test_a_month_of_another_city_is_not_there(account: Account, staff: Staff) -> None:
    far = page(Actor.of_person(person("far", "cashier", at_office="220200")))
    assert far.get(reverse("money:reconciliation_month", args=[account.office.pk, "2024-07"])).status_code == 404
    assert "吉林市" in words(far, reverse("money:reconciliation_list"))
    upload = {"office": account.office.pk, "file": SimpleUploadedFile("a.csv", HEADER.encode())}
    assert far.post(reverse("money:statement_take"), upload).status_code == 404
    assert page(staff.clerk).post(reverse("money:statement_take"), upload).status_code == 403
    assert (
        page(staff.cashier).get(reverse("money:reconciliation_month", args=[account.office.pk, "x"])).status_code == 404
    )
    province = page(Actor.of_person(person("above", "cashier", at_office="220000")))
    assert "2024-07 待核实" in words(province, reverse("money:reconciliation_list")), "the account that money moved on"
    county = page(Actor.of_person(person("county", "cashier", at_office="220102")))
    assert "还没有可以对账的月份" in words(county, reverse("money:reconciliation_list"))
