"""更正公告: changed lines alone, under a number of their own, linked both ways; a period where amounts rose. (N6.2)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256

import pytest

from caseworks.base.errors import Refusal
from caseworks.books import checking
from caseworks.cases import announcement_files, announcements, history, reviews
from caseworks.cases.announcement_words import paragraphs
from caseworks.cases.history import Shown
from caseworks.cases.models import Announcement, AnnouncementLine, Case, Review
from caseworks.cases.sources import Rejudged
from tests.cases.conftest import AT, CLOCK, Bureau, bureau, staff  # noqa: F401
from tests.cases.test_announcements import (  # noqa: F401
    FRIDAY,
    MONDAY,
    NEXT_MONDAY,
    Staff,
    approved,
    drawn,
    object_to,
    people,
    published,
    statuses,
)  # fmt: skip

pytestmark = pytest.mark.django_db
TUESDAY = dt.date(2024, 7, 9)
Judge = Callable[..., None]


def judged(
    monkeypatch: pytest.MonkeyPatch, case: int, amount: str, *, name: str = "", payable: bool = True, same: bool = False
) -> None:
    """From now on the rules judge a case as so much; `same`: as they did before."""
    was = Case.objects.get(pk=case)
    now = Rejudged(
        name=name or was.name, amount=Decimal(amount), flags=(), further=False, payable=payable, words="重新核定",
        fingerprint=bytes(was.fingerprint) if same else sha256((amount + name).encode()).digest(),
    )  # fmt: skip
    monkeypatch.setattr("refunds.scheme.case_rejudge", lambda case, at: now)


def sign(case: int, people: Staff) -> None:  # noqa: F811
    """Bring a case through its reviews."""
    for step, by in (("pass_first", CLOCK), ("pass_second", people.reviewer), ("approve", people.approver)):
        history.take(step, [case], by=by, at=AT)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch, people: Staff) -> Judge:  # noqa: F811
    """Judge a case anew as so much, and bring it through its reviews again."""

    def make(case: int, amount: str, *, name: str = "", payable: bool = True) -> None:
        judged(monkeypatch, case, amount, name=name, payable=payable)
        assert reviews.rejudge(case, by=people.supervisor, at=AT, note="数据更正")
        if payable:
            sign(case, people)

    return make


def corrected(row: Announcement, people: Staff, **more: object) -> Announcement:  # noqa: F811
    values = {"title": "更正公告", "by": people.reviewer, "at": AT, **more}
    return announcements.draw_up_correction(row, **values)  # type: ignore[arg-type]


def lines(row: Announcement) -> list[tuple[object, ...]]:
    return list(
        row.lines.order_by("position").values_list("position", "name", "change", "before_amount", "amount", "live")
    )


def test_a_raised_amount_is_announced_alone_for_a_period_of_its_own(
    bureau: Bureau, people: Staff, judge: Judge  # noqa: F811
) -> None:  # fmt: skip
    cases = approved(bureau, people)
    row = published(cases, people)
    assert announcements.why_nothing(row).startswith("该公告的各行没有变化")
    with pytest.raises(Refusal, match=r"各行没有变化.*未作任何更改"):
        corrected(row, people)
    judge(cases[1], "150.00")
    assert list(announcements.awaiting("refunds", 2024)) == []
    with pytest.raises(Refusal, match="其中有业务件公示过，未作任何更改：示例单位2。有变化的行请拟制更正公告"):
        drawn([cases[1]], people)
    assert announcements.due_corrections(Announcement.objects.all()) == [(row, 1)]
    with pytest.raises(Refusal, match=r"所见为 1 件、140.00 元，现为 1 件、150.00 元"):
        corrected(row, people, shown=Shown(1, Decimal("140.00")))
    made = corrected(row, people)
    assert (made.corrects, made.days, made.count, made.total) == (row, 5, 1, Decimal("150.00"))
    assert lines(made) == [(1, "示例单位2", "raised", Decimal("102.00"), Decimal("150.00"), True)]
    assert announcements.due_corrections(Announcement.objects.all()) == []
    with pytest.raises(Refusal, match="拟制人不能自己发布公示"):
        announcements.publish(made, by=people.reviewer, at=AT, on=TUESDAY)
    announcements.publish(made, by=people.approver, at=AT, on=TUESDAY)
    assert (made.number, made.first_day, made.last_day) == ("测试县公示〔2024〕2号", TUESDAY, dt.date(2024, 7, 15))
    assert statuses(cases) == ["announced"] * 3
    # what was not changed goes on with the first period, the corrected line with its own
    assert announcements.clear_due(TUESDAY, by=CLOCK, at=AT) == 2
    assert statuses(cases) == ["cleared", "announced", "cleared"]
    assert announcements.clear_due(dt.date(2024, 7, 16), by=CLOCK, at=AT) == 1
    text = paragraphs(made)
    assert f"现对《{row.title}》（测试县公示〔2024〕1号）作如下更正，共 1 户（金额调增 1 户）" in text[0]
    assert "共 5 个工作日，首日计入" in text[1]
    assert announcement_files.header(made) == [
        "序号",
        "单位名称",
        "更正事项",
        "裁员率",
        "更正前金额（元）",
        "金额（元）",
    ]


def test_a_lowered_amount_and_a_removed_line_end_with_what_they_correct(
    bureau: Bureau, people: Staff, judge: Judge  # noqa: F811
) -> None:  # fmt: skip
    cases = approved(bureau, people)
    row = published(cases, people)
    judge(cases[0], "50.00", name="示例单位一")
    history.take("refuse", [cases[2]], by=people.approver, at=AT, note="查实不符")
    made = corrected(row, people)
    assert lines(made) == [
        (1, "示例单位一", "lowered", Decimal("101.00"), Decimal("50.00"), True),
        (2, "示例单位3", "removed", Decimal("103.00"), Decimal("0.00"), False),
    ]
    assert (made.days, made.total) == (0, Decimal("50.00"))
    announcements.publish(made, by=people.approver, at=AT, on=dt.date(2024, 7, 3))
    assert (made.first_day, made.last_day) == (dt.date(2024, 7, 3), FRIDAY)
    assert "公示期随原公告，至2024年7月5日止" in paragraphs(made)[1]
    assert announcement_files.paper(made)["rows"] == [
        ["1", "示例单位一（原列：示例单位1）", "金额调减", "—", "101.00", "50.00"],
        ["2", "示例单位3", "撤销", "—", "103.00", "0.00"],
    ]
    with pytest.raises(Refusal, match="不再受理公示异议"):
        object_to(made, 2)
    assert announcements.clear_due(NEXT_MONDAY, by=CLOCK, at=AT) == 2
    assert statuses(cases) == ["cleared", "cleared", "refused"]
    # a late correction, when the first period is over, is public for the day on which it comes
    judge(cases[1], "60.00")
    late = announcements.publish(corrected(row, people), by=people.approver, at=AT, on=TUESDAY)
    assert (late.first_day, late.last_day) == (TUESDAY, TUESDAY)
    assert announcements.clear_due(TUESDAY, by=CLOCK, at=AT) == 0
    assert announcements.clear_due(dt.date(2024, 7, 10), by=CLOCK, at=AT) == 1


def test_a_line_that_was_left_out_is_added(bureau: Bureau, people: Staff) -> None:  # noqa: F811
    row = published(approved(bureau, people, 1), people)
    (late,) = approved(bureau, people, 1, "L")
    with pytest.raises(Refusal, match="1 户没有待公示的业务件，不能增补，未作任何更改：NOBODY"):
        corrected(row, people, added=["L000001", "nobody"])
    made = corrected(row, people, added=["L000001"])
    assert lines(made) == [(1, "示例单位1", "added", None, Decimal("101.00"), True)]
    assert made.days == 5
    assert made.lines.get().case_id == late


def test_a_correction_is_corrected_again_and_a_discarded_one_is_as_if_it_never_was(
    bureau: Bureau, people: Staff, judge: Judge  # noqa: F811
) -> None:  # fmt: skip
    cases = approved(bureau, people, 1)
    row = published(cases, people)
    judge(cases[0], "90.00")
    first = corrected(row, people)
    announcements.discard(first, reason="标题有误", by=people.reviewer, at=AT)
    again = announcements.publish(corrected(row, people), by=people.approver, at=AT, on=MONDAY)
    judge(cases[0], "95.00")
    assert announcements.due_corrections(Announcement.objects.all()) == [(again, 1)]
    last = announcements.publish(corrected(again, people), by=people.approver, at=AT, on=MONDAY)
    assert lines(last) == [(1, "示例单位1", "raised", Decimal("90.00"), Decimal("95.00"), True)]
    assert AnnouncementLine.objects.filter(case=cases[0], live=True).get().announcement == last


def test_what_changed_after_drawing_up_stops_the_publication(
    bureau: Bureau, people: Staff, judge: Judge  # noqa: F811
) -> None:  # fmt: skip
    cases = approved(bureau, people, 1)
    row = published(cases, people)
    judge(cases[0], "90.00")
    made = corrected(row, people)
    judge(cases[0], "80.00")
    with pytest.raises(Refusal, match="1 户在拟制之后有变化"):
        announcements.publish(made, by=people.approver, at=AT, on=MONDAY)


def test_a_case_judged_as_nothing_waits_to_be_refused(bureau: Bureau, people: Staff, judge: Judge) -> None:  # noqa: F811
    cases = approved(bureau, people, 2)
    row = published(cases, people)
    judge(cases[0], "0.00", payable=False)
    assert statuses(cases) == ["opened", "announced"]
    assert announcements.correctable(row) == []
    assert not Review.objects.filter(case=cases[0], standing=True).exists()
    history.take("refuse", [cases[0]], by=people.approver, at=AT, note="重新核定不符合")
    (line,) = announcements.correctable(row)
    assert (line.change, line.amount) == ("removed", Decimal("0.00"))


def test_the_books_are_clean_after_corrections(bureau: Bureau, people: Staff, judge: Judge) -> None:  # noqa: F811
    cases = approved(bureau, people)
    row = published(cases, people)
    judge(cases[0], "500.00")
    history.take("refuse", [cases[2]], by=people.approver, at=AT, note="查实不符")
    announcements.publish(corrected(row, people), by=people.approver, at=AT, on=MONDAY)
    names = {"announcement_totals", "announced_as_it_is", "settled_cases_were_announced", "case_is_its_last_event"}
    assert [found for found in checking.offences() if found.invariant in names] == []
