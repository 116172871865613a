"""The pages of money and announcements serve every scheme: a choice where several wait, each with gate and check of its own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.urls import reverse

from caseworks.cases import history, openings, sources
from caseworks.cases.models import Case
from caseworks.money import bank_results, batches, uses
from caseworks.money.models import Batch, Payment
from subsidies import claims
from subsidies.enums import Channel
from tests.dispatch.agencies import Paid
from tests.money.conftest import AT, CLOCK, ROAD, Cases, Staff
from tests.money.test_pages import page, words
from tests.subsidies import build

NEW = "money:batch_new"


def claimed(serial: int, *, card: bool = True) -> int:
    """A worker's claim on its road to the money, cleared."""
    id_no = build.worker(serial, card=card)
    build.certificate(id_no, f"C{serial}")
    applied_on, counter = dt.date(2024, 6, 3), Channel.COUNTER
    claims.take(id_no=id_no, cert_no=f"C{serial}", applied_on=applied_on, channel=counter, by=CLOCK, at=AT)
    openings.open_eligible(scheme="subsidies", year=2024, by=CLOCK, at=AT)
    case = Case.objects.filter(scheme="subsidies").latest("pk").pk
    for step in ROAD:
        history.take(step, [case], by=CLOCK, at=AT, note="测试")
    return case


@pytest.fixture
def three(cases: Cases, staff: Staff, tmp_path: Path) -> Cases:
    """One cleared case of the refund, an agency's, and two workers', one of whose cards is not active."""
    cases.make(1)
    Paid(staff, tmp_path, number=2).apply().approve()
    claimed(1)
    claimed(2, card=False)
    return cases


def test_each_scheme_is_drawn_up_from_its_own_page_with_its_own_check(three: Cases, staff: Staff) -> None:
    cashier = page(staff.cashier)
    listed = words(cashier, reverse("money:batch_list"))
    assert "2024 年度稳岗返还：待拨付 1 件 101.00 元 组批" in listed
    assert "2024 年度劳务派遣：待拨付 1 件 200.00 元 组批" in listed
    assert "2024 年度技能补贴：待拨付 2 件 2,000.00 元 组批" in listed
    new = reverse(NEW)
    assert "2024 年度稳岗返还组批" in words(cashier, new)  # the first that waits
    seen = words(cashier, f"{new}?scheme=subsidies&year=2024")
    assert "2024 年度技能补贴组批" in seen
    assert "姓名 原因" in seen
    assert "社会保障卡金融功能未激活" in seen
    assert "备付期限 24.0000 个月，达到要求的 12 个月" in seen
    assert "待拨付 2 件 2,000.00 元，其中可支付 1 件 1,000.00 元" in seen
    done = words(cashier, new, {"scheme": "subsidies", "year": 2024, "count": 2, "amount": "2000.00"})
    assert "已组成 1 个批次，1 笔，1,000.00 元。1 件暂缓，其余继续。" in done
    done = words(cashier, new, {"scheme": "dispatch", "year": 2024, "count": 1, "amount": "200.00"})
    assert "已组成 1 个批次，1 笔，200.00 元。" in done
    assert sorted(Batch.objects.values_list("scheme", "lines")) == [("dispatch", 1), ("subsidies", 1)]
    assert Case.objects.get(scheme="refunds").status == "cleared"
    seen = words(cashier, new)
    assert "2024 年度稳岗返还组批" in seen
    assert "2024 年度劳务派遣" not in seen
    assert "没有待拨付的业务件" in words(cashier, f"{new}?scheme=dispatch&year=2024")
    assert "没有待拨付的业务件" in words(cashier, f"{new}?scheme=refunds&year=2019")
    assert "2024 年度稳岗返还组批" in words(cashier, f"{new}?scheme=nothing&year=x")


def test_lists_are_narrowed_to_a_scheme_and_summed(three: Cases, staff: Staff, tmp_path: Path) -> None:
    everything = [(case.scheme, case.pk) for case in Case.objects.all()]
    for scheme in ("refunds", "dispatch", "subsidies"):
        ids = [pk for of, pk in everything if of == scheme]
        for batch in batches.draw_up(
            scheme=scheme, year=2024, case_ids=ids, by=staff.cashier, at=AT, on=dt.date(2024, 7, 9)
        ):
            batches.release(batch, by=staff.second, at=AT)
            batches.send(batch, by=staff.cashier, at=AT, on=dt.date(2024, 7, 9))
    clerk = page(staff.clerk)
    of_one = words(clerk, reverse("money:batch_list") + "?scheme=subsidies")
    assert "2024 年度技能补贴" in of_one
    assert "2024 年度劳务派遣" not in of_one
    assert "批次 3 笔数 3 金额（元） 1,301.00" in words(clerk, reverse("money:batch_totals"))
    assert "批次 1 笔数 1 金额（元） 200.00" in words(clerk, reverse("money:batch_totals") + "?scheme=dispatch")
    payment = Payment.objects.get(scheme="subsidies")
    of_one = words(clerk, reverse("money:payment_list") + "?scheme=subsidies")
    assert payment.payment_no in of_one
    assert Payment.objects.get(scheme="refunds").payment_no not in of_one
    assert "笔数 3 金额（元） 1,301.00 已送银行 3 笔 1,301.00 元" in words(clerk, reverse("money:payment_totals"))
    results = tmp_path / "results.csv"
    lines = [f"{each.payment_no},returned,2024-07-10,账户已销户" for each in Payment.objects.order_by("pk")]
    results.write_text("\n".join(["payment_no,result,on,reason", *lines]), encoding="utf-8")
    assert bank_results.book(results, by=CLOCK, at=AT).returned == 3
    of_one = words(clerk, reverse("money:returned_list") + "?scheme=dispatch")
    assert Payment.objects.get(scheme="dispatch").payment_no in of_one
    assert payment.payment_no not in of_one


def test_announcements_of_persons_say_so_and_are_listed_by_scheme(three: Cases, staff: Staff) -> None:
    reviewer = page(staff.reviewer)
    new = reverse("announcements:announcement_new")
    assert "拟发放" not in words(reviewer, f"{new}?scheme=subsidies&year=2024")  # nothing waits
    assert sources.announced("subsidies").persons
    assert "没有符合条件的公示" in words(reviewer, reverse("announcements:announcement_list") + "?scheme=dispatch")
    assert "没有符合条件的异议" in words(reviewer, reverse("announcements:objection_list") + "?scheme=dispatch")


def test_who_looks_twice_and_who_reports_is_told_by_the_schemes(bureau: None) -> None:
    assert sources.looking_again("public") == [("refunds", "稳岗返还")]
    assert {label for _, label in sources.looking_again()} == {"稳岗返还", "劳务派遣", "技能提升补贴"}
    assert uses.reported() == ["refunds", "dispatch"]
