"""What units are told of their money: an account that is wanted, what was paid, what came back, each once (N5.1)."""

from __future__ import annotations

from caseworks.base.models import Notice
from caseworks.base.notices import recipients
from caseworks.money import bank_results
from tests.money.conftest import AT, CLOCK, Cases, Results


def told(*templates: str) -> list[tuple[str, str]]:
    """Template and portal text."""
    rows = Notice.objects.select_related("version").filter(channel="portal", template__in=templates).order_by("pk")
    to = recipients.of(list(rows))
    return [(row.template, recipients.words(row, to[row.pk])[1]) for row in rows]


def test_a_missing_account_is_asked_for_once(cases: Cases) -> None:
    case = cases.make(1, account="")
    other = cases.make(2)
    cases.draw_up([case, other])
    [(_, words)] = told("account_missing")
    assert words.startswith("贵单位2024年度稳岗返还待拨付，但收款账户有问题：没有可用的收款账户")
    assert Notice.objects.filter(template="account_missing").count() == 2  # SMS and portal
    cases.draw_up([case])
    assert Notice.objects.filter(template="account_missing").count() == 2


def test_paid_and_returned_are_told_once_with_what_to_do(cases: Cases, results: Results) -> None:
    payments = cases.send(cases.some(1, 2, 3))
    one, two, three = (payment.payment_no for payment in payments)
    lines = [
        f"{one},paid,2024-07-10,",
        f"{two},returned,2024-07-11,户名不符",
        f"{three},paid,2024-07-10,",
        f"{three},returned,2024-07-12,系统超时",
    ]
    for _ in range(2):
        bank_results.book(results(*lines), by=CLOCK, at=AT)
    tail = payments[0].account_tail
    assert told("paid", "returned") == [
        (
            "paid",
            f"贵单位2024年度稳岗返还 101.00 元已于 2024-07-10 拨付到 虚构商业银行 尾号 {tail} 的账户，请查收。"
            "资金用于职工生活补助、缴纳社会保险费、转岗培训、技能提升培训等稳定就业岗位以及降低生产经营成本的支出，"
            "请留存凭证备查。如有疑问，请致电 12333。",
        ),
        (
            "returned",
            "贵单位2024年度稳岗返还 102.00 元于 2024-07-11 被银行退回，原因：户名与账号不一致。"
            "请登录单位门户或到窗口更正收款账户，核实后重新拨付，金额不变。如有疑问，请致电 12333。",
        ),
        (
            "returned",
            "贵单位2024年度稳岗返还 103.00 元于 2024-07-12 被银行退回，原因：银行系统处理失败。"
            "收款账户无须更正，经办机构与银行核实后重新拨付，金额不变。如有疑问，请致电 12333。",
        ),
    ]


def test_paid_and_later_returned_are_both_told(cases: Cases, results: Results) -> None:
    [payment] = cases.send(cases.some(1))
    bank_results.book(results(f"{payment.payment_no},paid,2024-07-10,"), by=CLOCK, at=AT)
    bank_results.book(results(f"{payment.payment_no},returned,2024-07-12,销户"), by=CLOCK, at=AT)
    assert [template for template, _ in told("paid", "returned")] == ["paid", "returned"]
