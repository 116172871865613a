"""An agency over its years, what hosts were sent, the card of a case, and parts replaced by a supervisor (J2.3, J2.10)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from caseworks.base.models import Run
from caseworks.cases.models import Announcement
from caseworks.people.enums import Role
from dispatch.models import Application, Obligation, Voucher
from tests.dispatch_pages.conftest import AGENCY, as_user, words
from tests.dispatch_pages.test_applications import roster
from tests.dispatch_pages.test_forwarding import credited, part, receipt
from tests.people.builders import person

__all__ = ["credited"]

HOST, OTHER_HOST = "31222403XNXULTU14M", "92220284XN9U5YU17R"


def stranger() -> str:
    """A clerk of another city, who sees none of it."""
    return person("clerk-of-baishan", Role.CLERK, at_office="220600").username


def test_the_card_of_a_case_shows_split_roster_and_forwarding(credited: Path) -> None:
    case = Application.objects.get().case_id
    seen = words(as_user("training-clerk"), reverse("cases:case_detail", args=[case]))
    assert "派遣申请与转付" in seen
    assert "8,290.80 × 30%，分份额舍入，合计 2,487.24 元" in seen
    assert "自有部分 1 " in seen
    assert "尚余 1,677.23 元" in seen
    assert seen.count("待转付") >= 2


def test_an_agency_over_its_years_and_what_its_hosts_were_sent(credited: Path) -> None:
    agency, clerk = as_user("agency"), as_user("training-clerk")
    words(agency, reverse("dispatch_portal:obligation", args=[part().pk]), receipt("SL1", "500.00"))
    voucher = Voucher.objects.get()
    words(clerk, reverse("dispatch:voucher_decide", args=[voucher.pk]), {"decision": "verified"})
    call_command("enforce_deadlines", "--as-of", "2024-08-13")

    seen = words(clerk, reverse("dispatch:agency_detail", args=[AGENCY]))
    assert "2025 年度 申请 没有申请 申领资格 拟取消资格" in seen
    assert "2024 年度" in seen
    assert "历年应转付 1,677.23 元（2 份） 已转付 500.00 元" in seen
    assert "合计 1,677.23 500.00 0.00 0.00 1,177.23" in seen

    listed = words(clerk, reverse("dispatch:host_list") + f"?text={HOST}")
    assert HOST in listed
    assert OTHER_HOST not in listed
    totals = words(clerk, reverse("dispatch:host_totals"))
    assert "2 户" in totals
    assert "500.00" in totals
    host = words(clerk, reverse("dispatch:host_detail", args=[HOST]))
    assert "已收到 500.00 元" in host
    assert "SL1 2024-07-09 500.00 元（已核实）" in host
    export = clerk.get(reverse("dispatch:host_export", args=["xlsx"]))
    assert b"".join(export.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]

    other = as_user(stranger())
    assert other.get(reverse("dispatch:agency_detail", args=[AGENCY])).status_code == 404
    assert other.get(reverse("dispatch:host_detail", args=[HOST])).status_code == 404
    assert HOST not in words(other, reverse("dispatch:host_list"))
    for name, args in (("agency_detail", [AGENCY]), ("host_list", []), ("host_detail", [HOST])):
        assert agency.get(reverse(f"dispatch:{name}", args=args)).status_code == 403


def test_a_supervisor_compares_before_parts_are_replaced(credited: Path, agencies: Path) -> None:
    application, supervisor = Application.objects.get(), as_user("training-supervisor")
    page = reverse("dispatch:replacement_new", args=[application.pk])
    assert "更换份额" in words(supervisor, reverse("dispatch:application_detail", args=[application.pk]))
    assert as_user("training-clerk").get(page).status_code == 403
    text = roster(agencies).read().decode()
    swapped = text.replace(HOST, "91220102XNQNQPW14U")
    given = {"file": SimpleUploadedFile("new.csv", swapped.encode()), "reason": "名册把用工单位写错"}
    seen = words(supervisor, page, {**given, "reason": ""}, status=422)
    assert "理由和依据" in seen
    given["file"] = SimpleUploadedFile("new.csv", swapped.encode())
    seen = words(supervisor, page, given | {"new_due_on": "2024-09-30"})
    assert "变化的份额（2）" in seen
    assert "更换 2 个份额" in seen
    assert part().status == "open"  # comparing changes nothing
    run = Run.objects.get(kind="roster_replacing")
    check = reverse("dispatch:replacement_check", args=[run.pk])
    assert as_user("training-clerk").get(check).status_code == 403
    assert "份额已更换" in words(supervisor, check, {"decision": "submit"})
    now = Obligation.objects.standing().order_by("host_uscc")
    assert [(row.host_uscc, str(row.due_on)) for row in now] == [
        ("91220102XNQNQPW14U", "2024-09-30"), (OTHER_HOST, "2024-08-12"),
    ]  # fmt: skip
    assert "已经提交，未重复提交" in words(supervisor, check, {"decision": "submit"})
    short = text.replace("387.86", "387.85", 1)
    seen = words(supervisor, page, {"file": SimpleUploadedFile("x.csv", short.encode()), "reason": "再换"})
    assert "不能提交" in seen


def test_the_public_announcement_shows_own_and_forwarded_parts(credited: Path) -> None:
    announcement = Announcement.objects.get()
    with time_machine.travel(dt.datetime(2024, 6, 5, 2, 0, tzinfo=dt.UTC)):
        page = Client().get(reverse("public:announcement", args=[announcement.slug])).content.decode()
    for label, amount in (
        ("自有部分（元）", "810.01"),
        ("应转付用工单位（元）", "1,677.23"),
        ("金额（元）", "2,487.24"),
    ):
        assert f'data-label="{label}">{amount}</td>' in page
        assert f'<th scope="col" class="num">{label}</th>' in page
    for word in ("示例用工单位", HOST, OTHER_HOST):  # who the hosts are is not for the public
        assert word not in page
