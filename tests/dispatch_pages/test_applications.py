"""From an agency's roster to its application: at the counter and in the agency's own portal (J2.6, N5.3)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from caseworks.base.models import Run
from dispatch.models import Application
from tests.dispatch_pages.conftest import AGENCY, OTHER, as_user, words

ON = dt.datetime(2024, 7, 1, 10, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def a_day_of_the_policy_year() -> object:
    with time_machine.travel(ON, tick=True):
        yield


def roster(folder: Path, uscc: str = AGENCY, change: tuple[str, str] = ("", "")) -> SimpleUploadedFile:
    text = (folder / f"roster_{uscc}.csv").read_text(encoding="utf-8-sig").replace(*change, 1)
    return SimpleUploadedFile("roster.csv", text.encode())


def test_a_clerk_takes_a_roster_at_the_counter(agencies: Path) -> None:
    clerk = as_user("training-clerk")
    given = {"uscc": AGENCY.lower(), "year": 2024, "on": "2024-07-01", "file": roster(agencies)}
    seen = words(clerk, reverse("dispatch:roster_new"), given)
    assert "按名册拆分" in seen
    assert "核对通过，合计 2,487.24 元" in seen
    run = Run.objects.get(kind="roster_check")
    assert Application.objects.count() == 0  # looking leaves nothing
    check = reverse("dispatch:roster_check", args=[run.pk])
    seen = words(clerk, check, {"decision": "submit"})
    assert "申请已提交。" in seen
    assert "810.01 元" in seen  # own
    application = Application.objects.get()
    assert (application.status, application.channel, str(application.amount)) == ("submitted", "counter", "2487.24")
    assert "已经提交，未重复提交" in words(clerk, check, {"decision": "submit"})
    listed = words(clerk, reverse("dispatch:application_list"))
    assert AGENCY in listed
    totals = words(clerk, reverse("dispatch:application_totals"))
    assert "1 件" in totals
    assert "2,487.24" in totals


def test_every_bad_row_is_shown_with_its_column_and_nothing_is_taken(agencies: Path) -> None:
    bad = roster(agencies, change=("2023-01,2023-12,387.86", "2022-01,2023-12,387.86"))
    given = {"uscc": AGENCY, "year": 2024, "on": "2024-07-01", "file": bad}
    seen = words(as_user("training-clerk"), reverse("dispatch:roster_new"), given)
    assert "1 行不符合要求" in seen
    assert "起始期 2022-01 所属期应在 2023 年内" in seen
    run = Run.objects.get(kind="roster_check")
    seen = words(as_user("training-clerk"), reverse("dispatch:roster_check", args=[run.pk]), {"decision": "submit"})
    assert "名册还没有核对通过，未作任何更改" in seen
    assert Application.objects.count() == 0


def test_a_sum_that_is_not_the_premium_is_named(agencies: Path) -> None:
    given = {"uscc": AGENCY, "year": 2024, "on": "2024-07-01", "file": roster(agencies, change=("387.86", "387.85"))}
    seen = words(as_user("training-clerk"), reverse("dispatch:roster_new"), given)
    assert "相差 -0.01 元，不能提交" in seen


def test_an_agency_applies_by_itself_is_sent_back_and_hands_in_again(agencies: Path) -> None:
    agency, clerk = as_user("agency"), as_user("training-clerk")
    assert "申请 2024 年度稳岗返还" in words(agency, reverse("portal:home"))
    apply = reverse("dispatch_portal:apply", args=[2024])
    assert "上年度实缴失业保险费" in words(agency, apply)
    assert "按名册拆分" in words(agency, apply, {"file": roster(agencies)})
    first = Run.objects.get(kind="roster_check")
    seen = words(agency, reverse("dispatch_portal:roster", args=[first.pk]), {"decision": "draft"})
    assert "草稿已保存，尚未提交。" in seen
    application = Application.objects.get()
    own = reverse("dispatch_portal:application_act", args=[application.pk])
    assert "申请已提交" in words(agency, own, {"action": "submit"})

    act = reverse("dispatch:application_act", args=[application.pk])
    assert "退回补正须写明理由，未作任何更改" in words(clerk, act, {"action": "send_back", "note": " "})
    assert "已退回补正" in words(clerk, act, {"action": "send_back", "note": "请核对第二行用工单位"})
    assert "经办机构退回：请核对第二行用工单位" in words(agency, reverse("portal:home"))
    changed = roster(agencies, change=("own,,,,2023-01,2023-12,387.86", "other,,,,2023-01,2023-12,387.86"))
    assert "不在范围部分" in words(agency, apply, {"file": changed})
    second = Run.objects.exclude(pk=first.pk).get(kind="roster_check")
    assert "申请已提交。" in words(agency, reverse("dispatch_portal:roster", args=[second.pk]), {"decision": "submit"})
    application.refresh_from_db()
    assert (application.version, application.status) == (2, "submitted")
    seen = words(clerk, reverse("dispatch:application_detail", args=[application.pk]))
    assert "第 2 版与上一版的差别" in seen
    assert "387.86" in seen


def test_papers_are_known_by_their_content_and_served_to_those_who_may_see_them(agencies: Path) -> None:
    agency = as_user("agency")
    words(agency, reverse("dispatch_portal:apply", args=[2024]), {"file": roster(agencies)})
    words(
        agency,
        reverse("dispatch_portal:roster", args=[Run.objects.get(kind="roster_check").pk]),
        {"decision": "submit"},
    )
    application = Application.objects.get()
    add = reverse("dispatch_portal:attachment_add", args=[application.pk])
    script = SimpleUploadedFile("licence.pdf", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    assert "不是可用的 PDF、JPG 或 PNG 文件" in words(agency, add, {"kind": "licence", "file": script})
    paper = SimpleUploadedFile("licence.exe", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n")
    assert "附件已保存。" in words(agency, add, {"kind": "licence", "file": paper})
    kept = application.attachments.get()
    answer = agency.get(reverse("dispatch_portal:attachment_file", args=[application.pk, kept.pk]))
    assert (answer.status_code, answer["X-Content-Type-Options"]) == (200, "nosniff")
    desk = reverse("dispatch:attachment_file", args=[application.pk, kept.pk])
    assert as_user("training-supervisor").get(desk).status_code == 200
    assert as_user("training-administrator").get(desk).status_code == 403


def test_an_agency_never_reaches_what_is_anothers(agencies: Path) -> None:
    agency, other = as_user("agency"), as_user("other")
    words(agency, reverse("dispatch_portal:apply", args=[2024]), {"file": roster(agencies)})
    run = Run.objects.get(kind="roster_check")
    assert other.get(reverse("dispatch_portal:roster", args=[run.pk])).status_code == 404
    assert other.get(reverse("dispatch_portal:roster_progress", args=[run.pk])).status_code == 404
    words(agency, reverse("dispatch_portal:roster", args=[run.pk]), {"decision": "submit"})
    application = Application.objects.get()
    words(
        agency, reverse("dispatch_portal:attachment_add", args=[application.pk]),
        {"kind": "other", "file": SimpleUploadedFile("a.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n")},
    )  # fmt: skip
    kept = application.attachments.get()
    assert other.get(reverse("dispatch_portal:application", args=[application.pk])).status_code == 404
    assert other.get(reverse("dispatch_portal:attachment_file", args=[application.pk, kept.pk])).status_code == 404
    for name, data in (("application_act", {"action": "withdraw", "note": "x"}), ("attachment_add", {"kind": "other"})):
        assert other.post(reverse(f"dispatch_portal:{name}", args=[application.pk]), data).status_code == 404
    assert other.get(reverse("dispatch:application_detail", args=[application.pk])).status_code == 403
    assert agency.get(reverse("dispatch:application_list")).status_code == 403
    application.refresh_from_db()
    assert (application.status, application.uscc != OTHER) == ("submitted", True)


def test_the_empty_roster_and_the_export_are_workbooks(agencies: Path) -> None:
    clerk = as_user("training-clerk")
    for url in (reverse("dispatch:roster_form"), reverse("dispatch:application_export", args=["xlsx"])):
        answer = clerk.get(url)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        assert (answer.status_code, content[:2]) == (200, b"PK")
