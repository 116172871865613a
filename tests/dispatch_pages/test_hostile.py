"""Hostile uploads: refused in words with nothing kept, or kept so that they do no harm; and nobody reaches another's. (J2.6, J2.7)"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver, reverse

from caseworks.base.models import Run, StoredFile
from caseworks.cases.models import Bar
from dispatch.models import Application, BarAnswer, Voucher
from tests.dispatch_pages.conftest import AGENCY, OTHER, as_user, words
from tests.dispatch_pages.hostile import END, PDF, ROSTERS, SCANS, header, workbook
from tests.dispatch_pages.test_applications import roster
from tests.dispatch_pages.test_forwarding import credited, part, receipt

__all__ = ["credited"]

APPLYING = dt.datetime(2024, 7, 1, 2, 0, tzinfo=dt.UTC)


def kept() -> list[str]:
    """Files of rosters on the disk."""
    found: list[str] = []
    if default_storage.exists("rosters"):
        for folder in default_storage.listdir("rosters")[0]:
            found += default_storage.listdir(f"rosters/{folder}")[1]
    return found


def refused(seen: str) -> str:
    """The words by which it was refused."""
    found = re.search(
        r"[^ ]*(没有保存|未导入任何内容|没有提交|提交的文件是空|空文件|核对未通过|不能提交|没有核对通过)[^ ]*", seen
    )
    return found[0] if found else ""


def test_no_hostile_scan_is_kept(credited: Path) -> None:
    agency, application = as_user("agency"), Application.objects.get()
    bar = f"/portal/dispatch/obligations/{part().pk}/"
    add = reverse("dispatch_portal:attachment_add", args=[application.pk])
    silent: list[str] = []
    for number, (what, (name, content)) in enumerate(SCANS.items()):
        file = SimpleUploadedFile(name, content, content_type="application/pdf")
        given = {"file": file, "amount": "1.00", "paid_on": "2024-07-09", "receipt_no": f"SL{number}"}
        if not refused(words(agency, bar, given, status=422)):
            silent.append(f"voucher: {what}")
        file.seek(0)
        if not refused(words(agency, add, {"kind": "licence", "file": file})):
            silent.append(f"attachment: {what}")
    assert silent == []
    assert (StoredFile.objects.filter(name__startswith="回单").count(), Voucher.objects.count()) == (0, 0)
    assert not application.attachments.exists()


@time_machine.travel(APPLYING)
def test_no_hostile_roster_is_kept(agencies: Path) -> None:
    agency, apply, before = as_user("agency"), reverse("dispatch_portal:apply", args=[2024]), kept()
    silent: list[str] = []
    for what, (name, content) in ROSTERS.items():
        answer = agency.post(apply, {"file": SimpleUploadedFile(name, content)}, follow=True)
        seen = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))
        if answer.status_code not in (200, 422) or not refused(seen) or "root:" in seen:
            silent.append(f"{what}: {answer.status_code} {seen[-300:]}")
    assert silent == []
    for run in Run.objects.filter(kind="roster_check"):
        page = reverse("dispatch_portal:roster", args=[run.pk])
        assert "未作任何更改" in words(agency, page, {"decision": "submit"})
    assert (Application.objects.count(), kept()) == (0, before)


def test_what_is_taken_does_no_harm(credited: Path, agencies: Path) -> None:
    agency = as_user("agency")
    names = {
        "../../../etc/cron.d/回单.pdf": "回单.pdf",
        "C:\\Windows\\回单.pdf": "回单.pdf",
        "回单.pdf.exe": "回单.pdf.exe.pdf",
        "回单\u202efdp.exe": "回单fdp.exe.pdf",
        "<script>alert(1)</script>.pdf": "script>.pdf",
        "a" * 300 + ".pdf": "a" * 196 + ".pdf",
    }
    page = reverse("dispatch_portal:obligation", args=[part().pk])
    for number, name in enumerate(names):
        given = receipt(f"SL{number}", "1.00")
        given["file"] = SimpleUploadedFile("x.pdf", PDF + str(number).encode() + END)
        given["file"].name = name  # type: ignore[attr-defined]  # as a client of one's own would send it
        given["file"]._name = name  # type: ignore[attr-defined]
        assert "凭证已提交" in words(agency, page, given), name
    for row in Voucher.objects.select_related("file"):
        assert row.file is not None
        assert re.fullmatch(r"files/[0-9a-f]{2}/[0-9a-f]{64}\.pdf", row.file.path)
        assert not re.search(r"[/\\\u202e]", row.file.name)
        assert row.file.name.endswith(".pdf")
        answer = agency.get(reverse("dispatch_portal:voucher_file", args=[row.pk]))
        assert answer["Content-Type"] == "application/pdf"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
    clerk = as_user("training-clerk")
    raw = clerk.get(reverse("dispatch:obligation_detail", args=[part().pk])).content.decode()
    assert "<script>alert" not in raw


@time_machine.travel(APPLYING)
def test_formulas_and_links_in_a_roster_are_text_at_most(agencies: Path) -> None:
    line = (
        '<row r="2"><c r="A2" t="str"><f>WEBSERVICE("http://127.0.0.1/")</f><v>=cmd|x</v></c>'
        '<c r="B2" t="str"><v>own</v></c><c r="C2" t="str"><v>2023-01</v></c><c r="D2" t="str"><v>2023-12</v></c>'
        '<c r="E2" t="str"><f>[1]Sheet1!A1</f><v>1.00</v></c></row>'
    )
    book = workbook(header() + line, more={"xl/externalLinks/externalLink1.xml": b"<externalLink/>"})
    seen = words(
        as_user("agency"), reverse("dispatch_portal:apply", args=[2024]),
        {"file": SimpleUploadedFile("名册.xlsx", book)},
    )  # fmt: skip
    assert "1 行不符合要求" in seen
    assert Application.objects.count() == 0


# -- every address of the portal with what is another agency's


def own_things(folder: Path, agency: Client) -> dict[str, list[object]]:
    """One thing of the agency for each address of the portal that names one."""
    application = Application.objects.get()
    words(
        agency, reverse("dispatch_portal:attachment_add", args=[application.pk]),
        {"kind": "other", "file": SimpleUploadedFile("a.pdf", PDF + END)},
    )  # fmt: skip
    words(agency, reverse("dispatch_portal:obligation", args=[part().pk]), receipt("SL1", "1.00"))
    call_command("enforce_deadlines", "--as-of", "2024-08-13")
    bar, paper, voucher = Bar.objects.get(), application.attachments.get(), Voucher.objects.get()
    Application.objects.filter(pk=application.pk).update(status="sent_back")  # so that a roster may be looked at again
    words(agency, reverse("dispatch_portal:apply", args=[2024]), {"file": roster(folder)})
    Application.objects.filter(pk=application.pk).update(status="submitted")
    run = Run.objects.get(kind="roster_check")
    return {
        "roster": [run.pk], "roster_progress": [run.pk], "application": [application.pk],
        "application_act": [application.pk], "attachment_add": [application.pk],
        "attachment_file": [application.pk, paper.pk], "obligation": [part().pk], "voucher_file": [voucher.pk],
        "bar": [bar.pk], "bar_answer": [bar.pk],
    }  # fmt: skip


def test_no_address_of_the_portal_gives_what_is_anothers(credited: Path, agencies: Path) -> None:
    agency, other = as_user("agency"), as_user("other")
    things = own_things(agencies, agency)
    inside = next(p for p in get_resolver("dispatch.portal_urls").url_patterns if p.name == "home")
    assert inside is not None
    named = {str(pattern.name) for pattern in get_resolver("dispatch.portal_urls").url_patterns}
    about_oneself = {"home", "roster_form", "apply", "obligation_list"}
    assert named == about_oneself | set(things)
    before = (Voucher.objects.count(), BarAnswer.objects.count(), Run.objects.count())
    for name, args in things.items():
        url = reverse(f"dispatch_portal:{name}", args=args)
        given = {"decision": "submit", "action": "withdraw", "note": "x", "text": "x", "kind": "other"}
        got = {other.get(url).status_code, other.post(url, given).status_code}
        assert got <= {404, 405}, (name, got)
        assert 404 in got, name
        assert Client().get(url).status_code in (302, 405), name
    for name in about_oneself - {"apply"}:
        answer = other.get(reverse(f"dispatch_portal:{name}"))
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        assert (answer.status_code, AGENCY.encode() in text) == (200, False)
    assert OTHER.encode() not in agency.get(reverse("dispatch_portal:home")).content
    assert before == (Voucher.objects.count(), BarAnswer.objects.count(), Run.objects.count())
