"""The public pages of an announcement, and the desk's: list, search, downloads, objections; nobody signed in. (N6.2)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from caseworks.base.enums import Role
from caseworks.cases import announcement_files, announcements
from caseworks.cases.models import Announcement, AnnouncementLine, AnnouncementPosting, Case, Hold, Objection
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from tests.cases.conftest import AT, CLOCK, Bureau, bureau, open_some, staff  # noqa: F401
from tests.cases.test_announcements import FRIDAY, MONDAY, Staff, approved, drawn, people, published  # noqa: F401

pytestmark = pytest.mark.django_db
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000") + b"\0" * 40 + b"IEND\xaeB`\x82"
NOON = dt.datetime(2024, 7, 3, 12, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the files of announcements."""
    monkeypatch.setattr(announcement_files, "FOLDER", f"announcements-{tmp_path.name}")
    return Path(default_storage.path(announcement_files.FOLDER))


@pytest.fixture
def row(bureau: Bureau, people: Staff) -> Announcement:  # noqa: F811
    return published(approved(bureau, people), people)


def signed_in(actor: Actor) -> Client:
    client = Client()
    assert isinstance(actor.person, Person)
    Person.objects.filter(pk=actor.person.pk).update(must_change_password=False)
    client.force_login(Person.objects.get(pk=actor.person.pk), backend="caseworks.people.backends.RoleBackend")
    return client


def words(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


@time_machine.travel(NOON, tick=False)
def test_anybody_reads_the_list_and_finds_a_name(row: Announcement, client: Client) -> None:
    assert row.number in words(client.get("/"))
    listed = words(client.get("/announcements/"))
    assert row.title in listed
    assert "正在公示" in listed
    url = reverse("public:announcement", args=[row.slug])
    page = words(client.get(url))
    assert all(text in page for text in ("示例单位1", "示例单位3", "306.00", "叁佰零陆元整", "2024年7月5日", "裁员率"))
    found = words(client.get(url, {"q": " 示例 单位2 "}))
    assert "示例单位2" in found
    assert "示例单位1" not in found
    assert "名单中没有这个名称" in words(client.get(url, {"q": "无此单位"}))


def test_it_is_shown_from_the_first_day_until_so_long_after_the_last(row: Announcement, client: Client) -> None:
    url = reverse("public:announcement", args=[row.slug])
    shown = dt.timedelta(days=settings.ANNOUNCEMENT_SHOWN_DAYS)
    for day, status in ((MONDAY - dt.timedelta(days=1), 404), (MONDAY, 200), (FRIDAY + shown, 200)):
        with time_machine.travel(dt.datetime.combine(day, dt.time(12), tzinfo=NOON.tzinfo), tick=False):
            assert client.get(url).status_code == status, day
    with time_machine.travel(dt.datetime.combine(FRIDAY + shown, dt.time(23, 59), tzinfo=NOON.tzinfo), tick=False):
        assert "公示期已结束" in words(client.get(url))
    gone = FRIDAY + shown + dt.timedelta(days=1)
    with time_machine.travel(dt.datetime.combine(gone, dt.time(12), tzinfo=NOON.tzinfo), tick=False):
        page = client.get(url)
        assert page.status_code == 410
        assert "名单和下载文件已按规定撤下" in words(page)
        assert "示例单位" not in words(page)
        for name in ("announcement_xlsx", "announcement_pdf"):
            assert client.get(reverse(f"public:{name}", args=[row.slug])).status_code == 410
        assert client.get("/announcements/nowhere/").status_code == 404


@time_machine.travel(NOON, tick=False)
def test_what_was_not_published_is_nobody_elses(
    bureau: Bureau,  # noqa: F811
    people: Staff,  # noqa: F811
    client: Client,
) -> None:
    drawn(approved(bureau, people), people)
    assert "示例单位" not in words(client.get("/announcements/"))
    assert client.get("/announcements/T220102-2024-1/").status_code == 404


@time_machine.travel(NOON, tick=False)
def test_the_whole_list_as_a_workbook(row: Announcement, client: Client, files: Path) -> None:
    for _ in range(2):  # made once, then kept
        response = client.get(reverse("public:announcement_xlsx", args=[row.slug]))
        assert response.status_code == 200
        (files.parent / "got.xlsx").write_bytes(b"".join(response.streaming_content))
    rows = CalamineWorkbook.from_path(files.parent / "got.xlsx").get_sheet_by_index(0).to_python()
    assert rows[0] == ["序号", "单位名称", "裁员率", "金额（元）"]
    assert rows[1:] == [[float(n), f"示例单位{n}", "—", 100.0 + n] for n in (1, 2, 3)]
    assert len(list(files.glob("*.xlsx"))) == 1


def test_the_workbook_asks_once_for_all_lines(
    row: Announcement, files: Path, django_assert_num_queries: Callable[..., object]
) -> None:
    assert row.count == 3
    with django_assert_num_queries(1):
        announcement_files.xlsx(row)


@time_machine.travel(NOON, tick=False)
def test_the_notice_as_pdf(row: Announcement, client: Client, files: Path) -> None:
    response = client.get(reverse("public:announcement_pdf", args=[row.slug]))
    assert b"".join(response.streaming_content)[:5] == b"%PDF-"
    paper = announcement_files.paper(row)
    assert paper["number"] == "测试县公示〔2024〕1号"
    assert paper["dated"] == "二〇二四年七月一日"
    assert paper["rows"] == [[str(n), f"示例单位{n}", "—", f"{100 + n}.00"] for n in (1, 2, 3)]


@time_machine.travel(NOON, tick=False)
def test_an_objection_from_the_public_holds_its_line(row: Announcement, client: Client) -> None:
    url = reverse("public:objection_new", args=[row.slug, 2])
    assert "请" in words(client.post(url, {"kind": "layoffs"})) or Objection.objects.count() == 0
    sent = {"kind": "layoffs", "words": "年末裁员二十人", "objector": "李某", "contact": "139-0000-0000"}
    response = client.post(url, sent, follow=True)
    objection = Objection.objects.get()
    assert "异议已登记" in words(response)
    assert f"登记号 <b>{objection.pk}</b>" in words(response)
    assert (objection.channel, objection.contact, objection.received_label) == (
        "public",
        "139-0000-0000",
        "公示页面访客",
    )
    line = AnnouncementLine.objects.get(announcement=row, position=2)
    assert list(Hold.objects.standing().values_list("case", "kind")) == [(line.case_id, "objection")]
    assert "139" not in words(client.get(reverse("public:announcement", args=[row.slug])))


def test_no_objection_after_the_period(row: Announcement, client: Client) -> None:
    with time_machine.travel(dt.datetime(2024, 7, 6, 0, 1, tzinfo=NOON.tzinfo), tick=False):
        assert client.get(reverse("public:objection_new", args=[row.slug, 2])).status_code == 404


@time_machine.travel(NOON, tick=False)
def test_the_desk_draws_up_publishes_and_decides(
    bureau: Bureau,  # noqa: F811
    people: Staff,  # noqa: F811
    staff: Callable[..., Actor],  # noqa: F811
) -> None:
    cases = approved(bureau, people)
    reviewer, approver = signed_in(people.reviewer), signed_in(people.approver)
    assert "<b>3</b> 件已审批、待公示" in words(reviewer.get("/desk/announcements/"))
    new = reverse("announcements:announcement_new") + "?scheme=refunds&year=2024"
    assert "306.00" in words(reviewer.get(new))
    form = {"scheme": "refunds", "year": "2024", "count": "2", "total": "306.00", "title": "公示"}
    assert "所见为 2 件" in words(reviewer.post(new, form))
    reviewer.post(new, form | {"count": "3"})
    row = Announcement.objects.get()
    url = reverse("announcements:announcement_detail", args=[row.pk])
    assert "本人拟制的公示由另一人发布" in words(reviewer.get(url))
    assert "2024-07-09" in words(approver.get(url))
    publish = reverse("announcements:announcement_publish", args=[row.pk])
    seen = {"count": "3", "total": "306.00", "first": "2024-07-03", "last": "2024-07-09"}
    assert "拟制人不能自己发布" in words(reviewer.post(publish, seen, follow=True))
    assert "提交的内容不完整" in words(approver.post(publish, follow=True))
    refused = words(approver.post(publish, seen | {"last": "2024-07-08"}, follow=True))
    assert "现为3 户、306.00 元、公示期 2024-07-03 至 2024-07-09，未发布" in refused
    assert "已发布" in words(approver.post(publish, seen, follow=True))
    enter = reverse("announcements:objection_enter", args=[row.pk, 1])
    sent = {
        "kind": "layoffs", "words": "裁员", "objector": "李某", "contact": "窗口", "channel": "counter",
        "received_on": "2024-07-03",
    }  # fmt: skip
    assert "异议已登记" in words(signed_in(people.clerk).post(enter, sent, follow=True))
    objection = Objection.objects.get()
    decide = reverse("announcements:objection_detail", args=[objection.pk])
    assert "您审核过该业务件" in words(approver.get(decide))
    supervisor = signed_in(people.supervisor)
    assert "待处理" in words(supervisor.get(reverse("announcements:objection_list")))
    assert "不成立" in words(supervisor.post(decide, {"upheld": "no", "answer": "经核实不成立"}, follow=True))
    assert announcements.clear_due(dt.date(2024, 7, 10), by=CLOCK, at=AT) == 3
    assert set(Case.objects.filter(pk__in=cases).values_list("status", flat=True)) == {"cleared"}
    assert open_some(bureau.county, 1, "N")


@time_machine.travel(NOON, tick=False)
def test_evidence_and_the_letter_are_read_within_the_scope(
    row: Announcement,
    client: Client,
    people: Staff,  # noqa: F811
    bureau: Bureau,  # noqa: F811
    staff: Callable[..., Actor],  # noqa: F811
) -> None:
    url = reverse("public:objection_new", args=[row.slug, 2])
    sent = {"kind": "layoffs", "words": "裁员", "objector": "李某", "contact": "139-0000-0000"}
    wrong = words(client.post(url, sent | {"attachments": [SimpleUploadedFile("病毒.png", b"MZ not a picture")]}))
    assert "不是可用的 PDF、JPG 或 PNG 文件" in wrong
    assert Objection.objects.count() == 0
    client.post(url, sent | {"attachments": [SimpleUploadedFile(f"{n}.png", PNG) for n in (1, 2)]})
    objection = Objection.objects.get()
    supervisor, stranger = signed_in(people.supervisor), signed_in(staff(Role.SUPERVISOR, bureau.other))
    detail = reverse("announcements:objection_detail", args=[objection.pk])
    assert "2.png" in words(supervisor.get(detail))
    file = reverse("announcements:objection_file", args=[objection.pk, objection.files.order_by("pk")[0].pk])
    letter = reverse("announcements:objection_letter", args=[objection.pk])
    assert supervisor.get(file).content == PNG
    assert supervisor.get(letter).status_code == 404
    page = words(supervisor.post(detail, {"upheld": "yes", "answer": "属实"}, follow=True))
    assert "已处理：异议成立。不予支付。答复书已制作" in page
    assert "测试县〔2024〕1号" in page
    assert supervisor.get(letter).content[:5] == b"%PDF-"
    for address in (detail, file, letter):
        assert stranger.get(address).status_code == 404


@time_machine.travel(NOON, tick=False)
def test_the_publication_on_the_own_site_is_recorded(
    row: Announcement,
    people: Staff,  # noqa: F811
    bureau: Bureau,  # noqa: F811
    staff: Callable[..., Actor],  # noqa: F811
) -> None:
    approver = signed_in(people.approver)
    new = reverse("announcements:posting_new", args=[row.pk])
    sent = {"url": "https://www.example.gov.cn/gs/3.html", "posted_at": "2024-07-03T10:00", "note": ""}
    assert "必填" in words(approver.post(new, sent)) or not AnnouncementPosting.objects.exists()
    late = sent | {"posted_at": "2024-07-03T12:30", "screenshot": SimpleUploadedFile("截图.png", PNG)}
    assert "网站发布时间不能晚于现在，未作登记" in words(approver.post(new, late))
    page = words(approver.post(new, sent | {"screenshot": SimpleUploadedFile("截图.png", PNG)}, follow=True))
    assert "已登记网站发布" in page
    assert "https://www.example.gov.cn/gs/3.html" in page
    posting = AnnouncementPosting.objects.get()
    file = reverse("announcements:posting_file", args=[row.pk, posting.pk])
    assert approver.get(file).content == PNG
    assert signed_in(staff(Role.AUDITOR, bureau.other)).get(file).status_code == 404
    assert signed_in(people.clerk).get(new).status_code == 403


@time_machine.travel(NOON, tick=False)
def test_a_discarded_list_is_drawn_up_again(bureau: Bureau, people: Staff) -> None:  # noqa: F811
    row, reviewer = drawn(approved(bureau, people), people), signed_in(people.reviewer)
    url = reverse("announcements:announcement_discard", args=[row.pk])
    assert "作废须写明理由" in words(reviewer.post(url, {"reason": " "}, follow=True))
    assert "已作废" in words(reviewer.post(url, {"reason": "名单有误"}, follow=True))
    assert "<b>3</b> 件已审批、待公示" in words(reviewer.get("/desk/announcements/"))
