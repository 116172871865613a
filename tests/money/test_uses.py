"""What the money was used for: who must report, no more than was received, looked at by another, misuse claimed back."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caseworks.base.errors import Refusal
from caseworks.base.models import Notice
from caseworks.books import checking
from caseworks.law.models import Policy, PolicyFigure
from caseworks.money import bank_results, uses
from caseworks.money.enums import UseCategory
from caseworks.money.models import Payment, Recovery, UseLine, UseReport
from caseworks.money.uses import Use
from caseworks.people.actors import Actor
from tests.money.conftest import AT, Cases, Results
from tests.money.test_claims import PDF
from tests.people.builders import PASSWORD, person, unit_user

PAID, ON, DUE = dt.date(2024, 7, 10), dt.date(2024, 8, 1), dt.date(2024, 9, 1)


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def paid(cases: Cases, results: Results) -> Cases:
    """Twelve units that were paid 101.00 and more."""
    ids = cases.some(*range(1, 13))
    lines = [f"{payment.payment_no},paid,{PAID}," for payment in cases.send(ids)]
    bank_results.book(results(*lines), by=cases.staff.cashier, at=AT)
    return cases


def use(amount: str, category: UseCategory = UseCategory.INSURANCE, on: dt.date = ON, **more: Any) -> Use:
    return Use(category, Decimal(amount), on, **more)


def hand_in(paid: Cases, number: int, *rows: Use, by: Actor | None = None) -> UseReport:
    actor = by or Actor.of_command("test")
    return uses.hand_in(scheme="refunds", year=2024, subject=paid.unit(number).uscc, uses=rows, by=actor, at=AT, on=ON)


def ask(paid: Cases, by: Actor | None = None) -> int:
    return uses.ask(scheme="refunds", year=2024, due_on=DUE, by=by or paid.staff.clerk, at=AT, on=ON)


def test_the_sample_is_drawn_by_digest_and_asked_once(paid: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = {
        row.subject for row in Payment.objects.all()
        if int.from_bytes(hashlib.sha256(f"use:refunds:2024:{row.payment_no}".encode()).digest()[:4], "big")
        < Decimal("0.05") * 2**32
    }  # fmt: skip
    assert ask(paid) == len(drawn)
    assert set(UseReport.objects.values_list("subject", flat=True)) == drawn
    assert ask(paid) == 0
    told = Notice.objects.filter(template="use_report_asked", channel="sms")
    assert told.count() == len(drawn)
    with pytest.raises(Refusal, match="没有通知报告的权限"):
        ask(paid, paid.staff.cashier)
    far = Actor.of_person(person("far", "clerk", at_office="220200"))
    assert ask(paid, far) == 0


def test_the_share_is_the_policy_rows(paid: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    from refunds import parameters

    row = Policy.objects.in_force().of("refunds", 2024).get(region="22")
    assert PolicyFigure.objects.get(policy=row, name="use_sample_share").number == Decimal("0.05")
    original = parameters.Parameters.from_figures
    monkeypatch.setattr(
        parameters.Parameters, "from_figures",
        classmethod(lambda cls, figures: original({**figures, "use_sample_share": _all(figures["use_sample_share"])})),
    )  # fmt: skip
    assert ask(paid) == 12
    assert UseReport.objects.filter(status="asked", due_on=DUE, why="sample").count() == 12


def _all(figure: Any) -> Any:
    from dataclasses import replace

    return replace(figure, number=Decimal(1))


def test_the_sum_may_not_exceed_what_was_received(paid: Cases) -> None:
    with pytest.raises(Refusal, match="报告有误") as refused:
        hand_in(paid, 1, use("60.00"), use("41.01"), use("1.00", on=dt.date(2024, 7, 9)))
    assert list(refused.value.details) == [
        "第 3 笔：支出日期 2024-07-09 应在到账日 2024-07-10 与今天之间",
        "合计 102.01 元，超过收到的 101.00 元",
    ]
    assert not UseReport.objects.exists()
    report = hand_in(paid, 1, use("60.00"), use("41.00", UseCategory.COSTS))
    assert (report.why, report.status, report.total, report.received) == (
        "voluntary", "handed_in", Decimal("101.00"), Decimal("101.00"),
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="usereport_no_more_than_received"), transaction.atomic():
        UseReport.objects.update(total=Decimal("101.01"))
    with pytest.raises(Refusal, match="没有 2023 年度的稳岗返还到账记录"):
        uses.hand_in(
            scheme="refunds",
            year=2023,
            subject=paid.unit(1).uscc,
            uses=[use("1.00")],
            by=paid.staff.clerk,
            at=AT,
            on=ON,
        )


def test_a_later_report_takes_the_place_of_the_earlier_and_both_stay(paid: Cases) -> None:
    report = hand_in(paid, 1, use("60.00"))
    uses.send_back(report, opinion="缺凭证", by=paid.staff.clerk, at=AT)
    hand_in(paid, 1, use("50.00", voucher=SimpleUploadedFile("发票.pdf", PDF)))
    report.refresh_from_db()
    assert (report.handing, report.total, report.status) == (2, Decimal("50.00"), "handed_in")
    assert [f"{line.amount}" for line in UseLine.objects.all().current()] == ["50.00"]
    assert UseLine.objects.count() == 2
    uses.check(report, opinion="", by=paid.staff.clerk, at=AT)
    with pytest.raises(Refusal, match="核对无误，不能再提交"):
        hand_in(paid, 1, use("1.00"))


def test_who_entered_it_does_not_check_it(paid: Cases) -> None:
    report = uses.enter(
        scheme="refunds", year=2024, subject=paid.unit(1).uscc, uses=[use("1.00")], by=paid.staff.clerk, at=AT, on=ON
    )
    with pytest.raises(Refusal, match="须由另一人核对"):
        uses.check(report, opinion="", by=paid.staff.clerk, at=AT)
    with pytest.raises(Refusal, match="不在您的经办范围"):
        uses.enter(
            scheme="refunds", year=2024, subject=paid.unit(1).uscc, uses=[use("1.00")],
            by=Actor.of_person(person("far", "clerk", at_office="220200")), at=AT, on=ON,
        )  # fmt: skip
    assert uses.check(report, opinion="", by=paid.staff.reviewer, at=AT).status == "checked"


def test_misuse_is_a_finding_with_its_recovery(paid: Cases) -> None:
    report = hand_in(paid, 1, use("100.00"))
    given = {"by": paid.staff.clerk, "at": AT, "on": ON}
    with pytest.raises(Refusal, match=r"不超过 101.00 元"):
        uses.find_misuse(report, amount=Decimal("101.01"), opinion="购车", basis="J2.0", **given)
    uses.find_misuse(report, amount=Decimal("80.00"), opinion="用于购买轿车", basis="吉人社联〔2024〕43号", **given)
    row = Recovery.objects.get()
    assert (row.kind, row.origin, row.amount, row.status) == ("misuse", "use_check", Decimal("80.00"), "proposed")
    report.refresh_from_db()
    assert (report.status, report.recovery) == ("misused", row)


def test_the_unit_reports_in_its_portal_and_sees_only_its_own(cases: Cases, results: Results) -> None:
    ids = [cases.make(1, "101.00", uscc="91220102XNQNQPW14U"), cases.make(2)]
    lines = [f"{payment.payment_no},paid,{PAID}," for payment in cases.send(ids)]
    bank_results.book(results(*lines), by=cases.staff.cashier, at=AT)
    unit, other = cases.unit(1), cases.unit(2)
    unit_user("firm", unit.uscc)
    client = Client()
    assert client.login(username="firm", password=PASSWORD, request=client.get("/login/").wsgi_request)
    UseReport.objects.create(
        scheme="refunds", year=2024, subject=unit.uscc, name=unit.name, office_id=unit.office_id,
        city_office_id=unit.city_office_id, why="sample", status="asked", received=Decimal(101), due_on=DUE,
    )  # fmt: skip
    assert "报告 2024 年度稳岗返还资金使用情况" in client.get("/portal/").content.decode()
    url = reverse("uses:report", args=["refunds", 2024])
    data = {
        "form-TOTAL_FORMS": "6", "form-INITIAL_FORMS": "0", "form-0-category": "skills", "form-0-amount": "200",
        "form-0-on": "2024-08-01", "form-1-note": "只有说明",
    }  # fmt: skip
    page = client.post(url, data).content.decode()
    assert "用途、金额和支出日期都要填写" in page
    data.pop("form-1-note")
    assert "合计 200.00 元，超过收到的 101.00 元" in client.post(url, data).content.decode()
    voucher = SimpleUploadedFile("发票.pdf", PDF)
    page = client.post(url, {**data, "form-0-amount": "101", "form-0-voucher": voucher}, follow=True).content.decode()
    assert "报告已提交，由经办机构核对" in page
    report = UseReport.objects.get()
    assert (report.status, report.handed_label) == ("handed_in", str(Actor.of_person(report.handed_by)))
    assert other.name not in page
    desk = Client()
    assert desk.login(username="clerk-a", password=PASSWORD, request=desk.get("/login/").wsgi_request)
    assert unit.name in desk.get(reverse("money:use_list")).content.decode()
    detail = reverse("money:use_detail", args=[report.pk])
    assert "技能提升培训" in desk.get(detail).content.decode()
    line = UseLine.objects.get()
    assert desk.get(reverse("money:use_voucher", args=[report.pk, line.pk]))["Content-Type"] == "application/pdf"
    text = b"".join(desk.get(reverse("money:use_export", args=["csv"])).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert ",101.00," in text
    assert "技能提升培训（元） <b>101.00</b>" in desk.get(reverse("money:use_totals")).content.decode()
    assert "核对无误，已记录" in desk.post(detail, {"action": "check"}, follow=True).content.decode()


def test_the_export_asks_no_more_for_many_reports_and_counts_the_lines_that_stand(paid: Cases) -> None:
    desk = Client()
    assert desk.login(username="clerk-a", password=PASSWORD, request=desk.get("/login/").wsgi_request)
    asked = []
    for more in ([1], [2, 3, 4]):
        for number in more:
            hand_in(paid, number, use("60.00"), use("5.50", UseCategory.SKILLS), use("1.25", UseCategory.SKILLS))
        with CaptureQueriesContext(connection) as captured:
            response = desk.get(reverse("money:use_export", args=["csv"]))
            text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        asked.append(len(captured))
        rows = list(csv.DictReader(StringIO(text)))
        assert {(row["缴纳社会保险费（元）"], row["技能提升培训（元）"]) for row in rows} == {("60.00", "6.75")}
    assert len(rows) == 4
    assert asked[0] == asked[1]


def test_the_books_name_a_report_that_is_not_its_lines(paid: Cases) -> None:
    hand_in(paid, 1, use("60.00"))
    assert checking.offences() == []
    with transaction.atomic():
        UseReport.objects.update(total=Decimal("61.00"))
        assert [offence.invariant for offence in checking.offences()] == ["use_report_is_its_lines"]
        transaction.set_rollback(True)


def test_the_page_offers_the_latest_year_that_was_paid(paid: Cases) -> None:
    client = Client()
    client.force_login(paid.staff.clerk.person, "caseworks.people.backends.RoleBackend")
    assert 'name="year" inputmode="numeric" pattern="[0-9]{4}" value="2024"' in (
        client.get(reverse("money:use_list")).content.decode()
    )
    assert 'name="year" inputmode="numeric" value="2024"' in client.get(reverse("money:use_enter")).content.decode()
    elsewhere = person("clerk-j", "clerk", at_office="220200")  # of another city, which paid nothing yet
    assert uses.latest_year(elsewhere, ON) == 2024 == ON.year
    assert uses.latest_year(elsewhere, dt.date(2026, 1, 2)) == 2026
