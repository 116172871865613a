"""Templates of notices: seeds, versions, and what is refused."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from caseworks.base.errors import Refusal
from caseworks.base.models import NoticeTemplate
from caseworks.base.notices import templates
from caseworks.base.notices.templates import Seed
from tests.notices.conftest import AT

pytestmark = pytest.mark.django_db
CODES = {"approved", "announced", "account_missing", "paid", "returned", "objection_answered"}


def revised(**words: str) -> NoticeTemplate:
    found = templates.current("approved", at=AT)
    given = {"sms": found.sms, "title": found.title, "body": found.body, "note": "更简短", **words}
    return templates.revise(found, **given, label="supervisor", at=AT)


def test_setup_installs_every_seed_once() -> None:
    call_command("setup")
    call_command("setup")
    rows = NoticeTemplate.objects.values_list("code", "version", "made_by_label")
    assert {code for code, *_ in rows} >= CODES
    assert {(version, label) for _, version, label in rows} == {(1, "setup")}


def test_every_seed_is_right_and_reads_on_its_samples() -> None:
    for seed in templates.seeds().values():
        row = templates.current(seed.code, at=AT)
        templates.check(row, sms=row.sms, title=row.title, body=row.body)
        assert "{" not in templates.fill(row.sms + row.title + row.body, templates.samples(row))


def test_a_new_version_is_used_from_now_on_and_the_old_one_stays() -> None:
    made = revised(sms="{name}：{year}年度已审核通过，{amount}元。")
    assert (made.version, templates.current("approved", at=AT).pk) == (2, made.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        NoticeTemplate.objects.filter(version=1).update(sms="x")


def test_a_changed_seed_comes_with_setup_unless_a_person_wrote_since(monkeypatch: pytest.MonkeyPatch) -> None:
    templates.install(at=AT)
    seeds = dict(templates.seeds())
    for code in ("approved", "paid"):
        seeds[code] = Seed(code, seeds[code].label, "{name}：新内容", "", "", {})
    revised(sms="{name}：主管的内容")
    monkeypatch.setattr(templates, "seeds", lambda: seeds)
    assert templates.install(at=AT) == 1
    assert [templates.current(code, at=AT).sms for code in ("approved", "paid")] == [
        "{name}：主管的内容",
        "{name}：新内容",
    ]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"sms": "{nmae}您好"}, "{nmae} 不可用，没有保存。可用的有：{name}"),
        ({"sms": "{}您好"}, "{} 不可用"),
        ({"sms": "{name您好"}, "花括号不成对"),
        ({"sms": "", "title": "", "body": ""}, "至少要有一种内容"),
        ({"title": ""}, "须同时有标题和内容"),
        ({"sms": "长" * 501}, "超过 500 字"),
        ({}, "与现行版本相同"),
    ],
)
def test_what_cannot_be_sent_is_refused(words: dict[str, str], reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        revised(**words)
    assert reason in refused.value.message
    assert NoticeTemplate.objects.count() == 1


def test_an_old_version_is_no_ground_to_write_on() -> None:
    first = templates.current("approved", at=AT)
    revised(sms="{name}：新")
    with pytest.raises(Refusal, match="已有第 2 版，没有保存"):
        templates.revise(first, sms="x", title="", body="", note="", label="supervisor", at=AT)


def test_a_code_that_nobody_brought_is_an_error() -> None:
    with pytest.raises(LookupError, match="'nothing'"):
        templates.current("nothing", at=AT)
