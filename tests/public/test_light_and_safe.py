"""Public pages without script, cached and limited; masked persons; names found by what they were called before. (N6.2)"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from caseworks.base import files as fs
from caseworks.cases import announcement_files, announcements, tasks
from caseworks.cases.announced_lines import found, found_anywhere
from caseworks.cases.models import Announcement
from caseworks.cases.sources import Announced
from caseworks.people.actors import Actor
from caseworks.registry import successions
from caseworks.registry.models import Unit
from caseworks.registry.names import former_key, name_key
from tests.cases.conftest import AT, CLOCK, Bureau, bureau, staff  # noqa: F401
from tests.cases.test_announcements import FRIDAY, MONDAY, Staff, approved, drawn, people, published  # noqa: F401
from tests.public.test_pages import NOON, PNG, files, row, signed_in, words  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    cache.clear()


def url(announcement: Announcement, page: str = "announcement") -> str:
    return reverse(f"public:{page}", args=[announcement.slug])


@time_machine.travel(NOON, tick=False)
def test_pages_have_no_script_and_touch_no_cookie(row: Announcement, client: Client) -> None:  # noqa: F811
    for address in ("/announcements/", "/announcements/?q=示例", url(row), f"{url(row)}?q=示例"):
        response = client.get(address)
        assert response.status_code == 200
        assert "<script" not in words(response)
        assert not re.search(r"\son\w+=|hx-|javascript:", words(response))
        assert not response.cookies
        assert "Cookie" not in response.headers.get("Vary", "")


@time_machine.travel(NOON, tick=False)
def test_what_did_not_change_is_not_sent_again(row: Announcement, client: Client, people: Staff) -> None:  # noqa: F811
    page = client.get(url(row))
    assert page["Cache-Control"] == "public, max-age=60"
    again = client.get(url(row), headers={"if-none-match": page["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(url(row), {"q": "示例"}, headers={"if-none-match": page["ETag"]}).status_code == 200
    Announcement.objects.filter(pk=row.pk).update(provisional=True)
    assert client.get(url(row), headers={"if-none-match": page["ETag"]}).status_code == 200
    with time_machine.travel(NOON + dt.timedelta(days=3), tick=False):
        assert "公示期已结束" in words(client.get(url(row), headers={"if-none-match": page["ETag"]}))


@time_machine.travel(NOON, tick=False)
def test_files_are_made_once_and_asked_for_by_their_tag(
    row: Announcement, client: Client, files: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    assert tasks.make_announcement_files(row.pk) == 2
    monkeypatch.setattr(announcement_files, "write_xlsx", None)
    monkeypatch.setattr(announcement_files, "render", None)
    for page in ("announcement_xlsx", "announcement_pdf"):
        response = client.get(url(row, page))
        assert response.status_code == 200
        b"".join(response.streaming_content)
        assert client.get(url(row, page), headers={"if-none-match": response["ETag"]}).status_code == 304
    assert tasks.make_announcement_files(0) == 0


@time_machine.travel(NOON, tick=False)
def test_searches_and_forms_are_limited_by_address(row: Announcement, client: Client, settings: object) -> None:  # noqa: F811
    settings.SEARCHES_A_MINUTE, settings.FORMS_A_MINUTE = 2, 1  # type: ignore[attr-defined]
    for _ in range(2):
        assert client.get("/announcements/", {"q": "示例"}).status_code == 200
    for address in ("/announcements/", url(row)):
        refused = client.get(address, {"q": "示例"})
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert "请一分钟后再试" in words(refused)
        assert client.get(address).status_code == 200
    form = reverse("public:objection_new", args=[row.slug, 1])
    assert client.post(form, {}).status_code == 200
    assert client.post(form, {}).status_code == 429
    other = Client(REMOTE_ADDR="198.51.100.9")
    assert other.get("/announcements/", {"q": "示例"}).status_code == 200


def unit(bureau: Bureau, uscc: str, name: str, former: str) -> Unit:  # noqa: F811
    return Unit.objects.create(
        uscc=uscc, name=name, name_key=name_key(name), former_names=former, former_key=former_key(former),
        unit_type="enterprise", region="220102", status="active", insured_from=dt.date(2015, 1, 1),
        office=bureau.county, city_office=bureau.city, updated_at=AT,
    )  # fmt: skip


@time_machine.travel(NOON, tick=False)
def test_a_unit_is_found_by_its_former_name_whatever_the_brackets(
    bureau: Bureau, people: Staff, client: Client  # noqa: F811
) -> None:  # fmt: skip
    cases = approved(bureau, people, 2)
    old = unit(bureau, "P000001", "大安县农机站", "")
    unit(bureau, "S000002", "示例单位2", "长白（吉林）商贸有限公司;老字号面馆")
    taken_over = successions.propose(
        predecessor=old.uscc, successor="S000002", effective_on=MONDAY, document_no="准字1号", by=CLOCK, at=AT,
        file=fs.accept(ContentFile(PNG, name="通知书.png"), fs.SCANS),
    )  # fmt: skip
    successions.confirm(taken_over, by=Actor.of_command("other"), at=AT)
    announced = published(cases, people)
    for text in ("长白(吉林)", "长 白【吉林】商贸", "字号", "示例单位2", "大安县农机"):
        for address in ("/announcements/", url(announced)):
            page = words(client.get(address, {"q": text}))
            assert "示例单位2" in page
            assert "示例单位1" not in page
    assert "曾用名：长白（吉林）商贸有限公司" in words(client.get(url(announced), {"q": "吉林"}))
    assert "曾用名：大安县农机站" in words(client.get(url(announced), {"q": "大安"}))
    nothing = words(client.get("/announcements/", {"q": "长春"}))
    assert "没有这个名称" in nothing
    assert "正在公示" not in nothing  # the lists come back with 全部公告
    assert "请至少输入两个字" in words(client.get("/announcements/", {"q": "长"}))


@time_machine.travel(NOON, tick=False)
def test_persons_are_masked_and_neither_found_nor_downloaded(
    bureau: Bureau, people: Staff, client: Client, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    select = "SELECT id AS case_id, '四级' AS level FROM cases_case WHERE id = ANY(%(ids)s)"
    monkeypatch.setattr("refunds.scheme.case_announced", lambda: Announced({"level": "等级"}, select, persons=True))
    row = published(approved(bureau, people, 2), people)  # noqa: F811
    assert list(row.lines.values_list("name", "name_key", "search_key").order_by("pk")) == [
        ("示***1", "", ""), ("示***2", "", "")
    ]  # fmt: skip
    page = words(client.get(url(row), {"q": "单位"}))
    assert all(text in page for text in ("示***1", "示***2", "四级", "noindex", "不提供按姓名查询和名单下载"))
    assert 'type="search"' not in page
    assert "示***" not in words(client.get("/announcements/", {"q": "示*"}))
    for name in ("announcement_xlsx", "announcement_pdf"):
        assert client.get(url(row, name)).status_code == 404
    desk = reverse("announcements:announcement_file", args=[row.pk, "pdf"])
    assert signed_in(people.clerk).get(desk).status_code == 200


def test_what_was_shown_long_enough_is_taken_down(row: Announcement, files: Path, settings: object) -> None:  # noqa: F811
    tasks.make_announcement_files(row.pk)
    assert len(list(files.iterdir())) == 3  # with the lock
    last = FRIDAY + dt.timedelta(days=settings.ANNOUNCEMENT_SHOWN_DAYS)  # type: ignore[attr-defined]
    assert announcements.take_down_due(last, at=AT) == 0
    assert announcements.take_down_due(last + dt.timedelta(days=1), at=AT) == 1
    assert announcements.take_down_due(last + dt.timedelta(days=9), at=AT) == 0
    row.refresh_from_db()
    assert row.taken_down_at == AT
    assert list(files.iterdir()) == []
    assert row.lines.count() == 3  # the record stays


@pytest.mark.tampers  # lines that nobody drew up
def test_the_search_uses_the_index_at_many_lines(bureau: Bureau, people: Staff) -> None:  # noqa: F811
    announcement = published(approved(bureau, people, 1), people)
    (case,) = case_ids(announcement)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO cases_announcementline (announcement_id, position, case_id, name, name_key, former,
                   former_key, shown, amount, fingerprint, live, change, before_name)
            SELECT %s, n, %s, 'x', '示例' || md5(n::text) || CASE WHEN n = 777 THEN '鹤立' ELSE '商贸' END || '有限公司',
                   '', '', '{}', 1, '', false, '', ''
            FROM generate_series(2, 40000) n""",
            [announcement.pk, case],
        )
        cursor.execute("ANALYZE cases_announcementline")
    with time_machine.travel(NOON, tick=False):
        on = NOON.date()
        for rows in (found(announcement, "鹤立"), found_anywhere("鹤立", on)):
            page = rows.order_by("announcement_id", "position")[:101]
            assert len(page) == 1
            plan = page.explain()
            assert "announcementline_grams" in plan
            assert "Seq Scan on cases_announcementline" not in plan
        # what every name has is walked to, not sorted
        for rows in (found(announcement, "商贸"), found_anywhere("有限公司", on)):
            plan = rows.order_by("announcement_id", "position")[:101].explain(analyze=True)
            assert float(re.search(r"Execution Time: ([\d.]+)", plan).group(1)) < 100  # type: ignore[union-attr]
            assert "Seq Scan on cases_announcementline" not in plan


def case_ids(announcement: Announcement) -> list[int]:
    return list(announcement.lines.values_list("case_id", flat=True))
