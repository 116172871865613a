"""The pages of money: a cashier, another one, a clerk, from what waits to money booked and paid again."""

from __future__ import annotations

import re
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from caseworks.money import batches, payments, return_reasons
from caseworks.money.models import Batch, Payment, ResultFile
from caseworks.people.actors import Actor
from caseworks.registry.models import Account, FundYear
from tests.money.conftest import AT, Cases, Staff, give_account, state
from tests.people.builders import person, unit_user


def page(actor: Actor) -> Client:
    client = Client()
    assert actor.person is not None
    client.force_login(actor.person, backend="caseworks.people.backends.RoleBackend")
    return client


def words(client: Client, url: str, data: dict[str, object] | None = None) -> str:
    """What the page says, without its tags; `data` is posted and the answer followed."""
    answer = client.get(url) if data is None else client.post(url, data, follow=True)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_from_what_waits_to_money_on_the_account(cases: Cases, staff: Staff) -> None:
    one, two, held = cases.make(1), cases.make(2), cases.make(3, account="")
    cashier, second = page(staff.cashier), page(staff.second)
    new = reverse("money:batch_new")
    seen = words(cashier, new)
    assert "备付期限 24.0000 个月，达到要求的 12 个月" in seen
    assert "暂缓 1 件，不影响其余" in seen
    assert "没有可用的收款账户" in seen
    assert "待拨付 3 件 306.00 元，其中可支付 2 件 203.00 元（贰佰零叁元整）" in seen
    stale = words(cashier, new, {"year": 2024, "count": 3, "amount": "300.00"})
    assert "所见为 3 件、300.00 元，现为 3 件、306.00 元，未作任何更改" in stale
    done = words(cashier, new, {"year": 2024, "count": 3, "amount": "306.00"})
    assert "已组成 1 个批次，2 笔，203.00 元。1 件暂缓，其余继续。" in done
    assert (state(one), state(two), state(held)) == ("batched", "batched", "cleared")

    batch = Batch.objects.get()
    detail, act = reverse("money:batch_detail", args=[batch.pk]), reverse("money:batch_act", args=[batch.pk])
    assert "您是制单人，须由另一位财务或审批人员放行" in words(cashier, detail)
    release = {"action": "release", "count": 2, "amount": "203.00"}
    assert "制单人不能放行自己的批次" in words(cashier, act, release)
    assert "批次已放行" in words(second, act, release)
    assert "已送银行 2 笔，203.00 元" in words(cashier, act, {"action": "send"})

    file = reverse("money:batch_file", args=[batch.pk])
    answer = cashier.post(file)
    assert answer["Content-Disposition"] == f'attachment; filename="{batch.batch_no}-1.csv"'
    assert answer.content.decode("utf-8-sig").startswith(f"H,{batch.batch_no},原件,2,203.00,")
    assert "再次出具须写明理由" in words(cashier, file, {})
    assert "重复件" in cashier.post(file, {"reason": "银行未收到"}).content.decode()

    first, other = Payment.objects.order_by("pk")
    sent = first.sent_on
    text = (
        f"payment_no,result,on,reason\n{first.payment_no},paid,{sent},\n{other.payment_no},returned,{sent},户名不符\n"
    )
    upload = {"file": SimpleUploadedFile("回盘.csv", text.encode())}
    assert "共 2 行：到账 1 笔，退回 1 笔，已登记过 0 行" in words(cashier, reverse("money:result_book"), upload)
    assert ResultFile.objects.get().name == "回盘.csv"
    assert (state(one), state(two)) == ("paid", "returned")
    wrong = {"file": SimpleUploadedFile("回盘.csv", b"payment_no,result,on\nR1,paid,2024-07-10\n")}
    answer = cashier.post(reverse("money:result_book"), wrong)
    assert answer.status_code == 422
    assert "整个文件没有登记，未作任何更改" in answer.content.decode()
    assert "第2行：没有支付编号 R1。" in answer.content.decode()


def test_a_returned_payment_is_paid_again_by_two(cases: Cases, staff: Staff) -> None:
    (case,) = cases.some(1)
    (payment,) = cases.send([case])
    text = f"payment_no,result,on,reason\n{payment.payment_no},returned,2024-07-10,户名不符\n"
    words(page(staff.cashier), reverse("money:result_book"), {"file": SimpleUploadedFile("a.csv", text.encode())})
    detail, act = (reverse(f"money:payment_{name}", args=[payment.pk]) for name in ("detail", "act"))
    clerk = page(staff.clerk)
    assert "账户本来无误的，写明核实情况" in words(clerk, detail)
    assert "尚未更正并经另一人确认，未作任何更改" in words(clerk, act, {"action": "resend"})
    assert "由另一人确认后重新支付" in words(page(staff.cashier), act, {"action": "keep", "words": "银行核实无误"})
    assert "已回到待拨付，请组批" in words(clerk, act, {"action": "resend"})
    assert state(case) == "cleared"
    listed = words(clerk, reverse("money:payment_list") + "?status=returned&year=2024")
    assert payment.payment_no in listed
    assert Account.objects.get().account_no not in listed + words(clerk, detail)


def test_what_was_in_a_dissolved_batch_is_paid_again_after_its_return(cases: Cases, staff: Staff) -> None:
    (case,) = cases.some(1)
    for batch in cases.draw_up([case]):
        batches.dissolve(batch, by=staff.cashier, at=AT, because="重做")
    (payment,) = cases.send([case])
    text = f"payment_no,result,on,reason\n{payment.payment_no},returned,2024-07-10,户名不符\n"
    words(page(staff.cashier), reverse("money:result_book"), {"file": SimpleUploadedFile("a.csv", text.encode())})
    payments.keep_account(payment, words="银行核实无误", by=staff.cashier, at=AT)
    assert payments.resend(scheme="refunds", year=2024, case_ids=[case], by=staff.clerk, at=AT) == 1
    assert state(case) == "cleared"


def test_a_closed_gate_shows_its_figures_and_no_button(cases: Cases, staff: Staff) -> None:
    cases.some(1)
    FundYear.objects.update(closing_balance=Decimal("11000000.00"))
    seen = words(page(staff.cashier), reverse("money:batch_new"))
    assert "闸门关闭" in seen
    assert "备付期限 11.0000 个月，低于要求的 12 个月" in seen
    assert "现在不能组批" in seen


def test_a_batch_is_dissolved_with_a_reason(cases: Cases, staff: Staff) -> None:
    (case,) = cases.some(1)
    (batch,) = cases.draw_up([case])
    act = reverse("money:batch_act", args=[batch.pk])
    assert "请填写撤销理由" in words(page(staff.cashier), act, {"action": "dissolve"})
    assert "1 件回到待拨付" in words(page(staff.cashier), act, {"action": "dissolve", "reason": "重组"})
    assert "撤销理由：重组" in words(page(staff.clerk), reverse("money:batch_detail", args=[batch.pk]))


@pytest.mark.parametrize("name", ["batch_list", "payment_list", "result_list"])
def test_empty_pages_say_what_would_be_there(name: str, staff: Staff) -> None:
    assert "还没有" in words(page(staff.cashier), reverse(f"money:{name}"))


def test_what_is_out_of_scope_is_not_there(cases: Cases, staff: Staff) -> None:
    (payment,) = cases.send(cases.some(1))
    stranger = Client()
    stranger.force_login(unit_user("far", "91220102XNQNQPW14U"), backend="caseworks.people.backends.RoleBackend")
    for name, pk in (("batch_detail", payment.batch_id), ("payment_detail", payment.pk)):
        assert stranger.get(reverse(f"money:{name}", args=[pk])).status_code == 403
    assert AT.year == 2024


def test_a_file_of_results_shows_reasons_in_plain_words_and_its_returns_are_paid_again_at_once(
    cases: Cases, staff: Staff
) -> None:
    one, two, three = cases.some(1, 2, 3)
    sent = cases.send([one, two, three])
    lines = [f"{sent[0].payment_no},paid,2024-07-10,", f"{sent[1].payment_no},returned,2024-07-10,账号户名不符"]
    text = "\n".join(["payment_no,result,on,reason", *lines, f"{sent[2].payment_no},returned,2024-07-10,系统超时"])
    shown = words(
        page(staff.cashier), reverse("money:result_book"), {"file": SimpleUploadedFile("七月.csv", text.encode())}
    )
    assert "户名与账号不一致 （银行：账号户名不符）" in shown
    assert "待更正或核实账户" in shown
    file = ResultFile.objects.get()
    paid = words(page(staff.clerk), reverse("money:result_detail", args=[file.pk]) + "?show=paid")
    assert sent[0].payment_no in paid
    assert sent[1].payment_no not in paid
    book = page(staff.clerk).get(reverse("money:result_export", args=[file.pk]))
    rows = list(load_workbook(BytesIO(b"".join(book.streaming_content))).active.values)
    assert [row[0] for row in rows] == ["支付编号", sent[1].payment_no, sent[2].payment_no]
    assert rows[2][10:] == ("系统超时", "银行系统处理失败", return_reasons.BANKS_OWN.next)

    Account.objects.filter(uscc=cases.unit(2).uscc).update(status="superseded")
    give_account(cases.unit(2), number="88880000")
    payments.keep_account(sent[2], words="银行核实未入账", by=staff.second, at=AT)
    clerk, resend = page(staff.clerk), reverse("money:returned_resend")
    waiting = words(clerk, reverse("money:returned_list"))
    assert "账户已更正，可以重新支付" in waiting
    assert "已核实无误，待另一人确认" in waiting
    assert "没有选中银行退回的支付" in words(clerk, resend, {})
    assert page(staff.cashier).post(resend, {"payments": [sent[1].pk]}).status_code == 403
    assert "2 件已回到待拨付" in words(clerk, resend, {"payments": [sent[1].pk, sent[2].pk]})
    assert (state(two), state(three)) == ("cleared", "cleared")
    assert "没有待处理的银行退回" in words(clerk, reverse("money:returned_list"))


def test_files_of_results_are_those_of_the_own_offices(cases: Cases, staff: Staff) -> None:
    (payment,) = cases.send(cases.some(1))
    text = f"payment_no,result,on\n{payment.payment_no},paid,2024-07-10\n"
    words(page(staff.cashier), reverse("money:result_book"), {"file": SimpleUploadedFile("a.csv", text.encode())})
    file = ResultFile.objects.get()
    near, far = (
        Actor.of_person(person("near", "cashier", at_office="220100")),
        Actor.of_person(person("far", "cashier", at_office="220200")),
    )
    detail = reverse("money:result_detail", args=[file.pk])
    assert "a.csv" in words(page(near), reverse("money:result_list"))
    assert "还没有登记过" in words(page(far), reverse("money:result_list"))
    assert [page(who).get(detail).status_code for who in (near, far)] == [200, 404]
