"""Random worlds: judgements, cases in every state, returns, holds, objections, bars and reports on the use of funds, at
offices of every level."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from caseworks.cases import history
from caseworks.cases.models import Announcement, AnnouncementLine, Bar, Case, Hold, Objection
from caseworks.law.models import Policy
from caseworks.money.models import Batch, Payment, Recovery, UseLine, UseReport
from caseworks.people.models import Office, Person
from refunds.models import ScreeningRun
from tests.cases.conftest import CLOCK, PATHS
from tests.refunds_pages.conftest import assess, make_unit

#: the province's own, two of a city's districts, a city itself, another city's county
REGIONS = ("229999", "220102", "220103", "220199", "220202")
STATES = sorted(PATHS)
NOW = dt.datetime(2024, 8, 20, 2, 0, tzinfo=dt.UTC)
OPEN = """
    SELECT a.uscc AS subject, a.name, a.office_id, a.city_office_id, a.amount, sha256(a.uscc::bytea) AS fingerprint
    FROM refunds_assessment a WHERE a.uscc = %(uscc)s
"""


@dataclass(frozen=True)
class Line:
    """What becomes of one unit."""

    region: int
    outcome: str
    cents: int
    state: str
    days: int
    cause: int
    held: str
    objected: str
    barred: str
    used: str


LINES = st.builds(
    Line,
    region=st.integers(0, len(REGIONS) - 1),
    outcome=st.sampled_from(["eligible", "eligible", "eligible", "ineligible", "manual"]),
    cents=st.integers(1, 10**7),
    state=st.sampled_from(["", *STATES]),
    days=st.integers(0, 40),
    cause=st.integers(0, 2),
    held=st.sampled_from(["", "", "account_missing", "listed"]),
    objected=st.sampled_from(["", "", "open", "dismissed"]),
    barred=st.sampled_from(["", "", "proposed", "confirmed"]),
    used=st.sampled_from(["", "asked", "late", "handed_in", "sent_back", "checked", "misused", "misused"]),
)


def build(lines: list[Line], screening: ScreeningRun, boss: Person) -> None:
    """Make a world of these lines."""
    for number, line in enumerate(lines, start=1):
        _unit(number, line, screening, boss)


def _unit(number: int, line: Line, screening: ScreeningRun, boss: Person) -> None:
    unit = make_unit(number, f"示例第{number}单位有限公司", REGIONS[line.region])
    amount = Decimal(line.cents) / 100
    reasons = {"ineligible": ["in_arrears", "layoff_rate_exceeded"], "manual": ["size_unknown"]}.get(line.outcome, [])
    given = {"amount": amount} if line.outcome == "eligible" else {"amount": Decimal(0)}
    row = assess(unit, screening, outcome=line.outcome, reasons=reasons, **given)
    at = NOW - dt.timedelta(days=line.days)
    if line.barred:
        decided = {"decided_at": at, "decision_no": "1"} if line.barred == "confirmed" else {}
        Bar.objects.create(
            uscc=unit.uscc,
            year=2025,
            status=line.barred,
            reason="测试",
            proposed_at=at,
            proposed_label="测试",
            **decided,
        )
    if line.outcome != "eligible" or not line.state:
        return
    history.open_cases(scheme="refunds", year=2024, select=OPEN, params={"uscc": unit.uscc}, by=CLOCK, at=at)
    case = Case.objects.get(subject=unit.uscc)
    row.case_id = case.pk
    row.save(update_fields=["case"])
    for step in PATHS[line.state]:
        history.take(step, [case.pk], by=CLOCK, at=at, note="测试")
    if line.held:
        Hold.objects.create(case=case, kind=line.held, reason="测试", since=at, placed_label="测试")
    if line.objected:
        _objection(case, line.objected, at)
    if line.state in ("batched", "paid", "returned"):
        _payment(case, line, at, boss)
    if line.state == "paid" and line.used:
        _report(case, line, at)


def _objection(case: Case, status: str, at: dt.datetime) -> None:
    listed = Announcement.objects.create(
        scheme="refunds", year=2024, office_id=case.office_id, city_office_id=case.city_office_id, title="公示",
        days=5, count=1, total=case.amount, drawn_label="测试", drawn_at=at,
    )  # fmt: skip
    line = AnnouncementLine.objects.create(
        announcement=listed, position=1, case=case, name=case.name, name_key=case.name, shown={}, amount=case.amount,
        fingerprint=case.fingerprint,
    )  # fmt: skip
    answered = {"decided_at": at, "decided_on": at.date(), "decided_label": "测", "answer": "经查不属实"}
    Objection.objects.create(
        line=line, kind="other", channel="counter", objector="某人", contact="", words="不实", received_on=at.date(),
        received_at=at, received_label="测试", status=status, **(answered if status == "dismissed" else {}),
    )  # fmt: skip


def _payment(case: Case, line: Line, at: dt.datetime, boss: Person) -> None:
    batch = Batch.objects.create(
        batch_no=f"PC{case.pk}", scheme="refunds", year=2024, office_id=case.office_id,
        city_office_id=case.city_office_id, policy=Policy.objects.in_force().get(region="22", year=2024), status="drawn",
        lines=1, amount=case.amount, drawn_by=boss, drawn_at=at, drawn_on=at.date(),
    )  # fmt: skip
    ends = {
        "batched": {"status": "sent"},
        "paid": {"status": "paid", "paid_on": at.date()},
        "returned": {
            "status": "returned",
            "returned_on": at.date(),
            "reason": ("账户已销户", "户名不符", "")[line.cause],
        },
    }
    Payment.objects.create(
        payment_no=f"ZF{case.pk}", batch=batch, case=case, scheme="refunds", year=2024, subject=case.subject, attempt=1,
        name=case.name, office_id=case.office_id, city_office_id=case.city_office_id, amount=case.amount,
        account_kind="corporate", account_no="1", account_tail="1", account_name=case.name, sent_on=at.date(),
        **ends[line.state],
    )  # fmt: skip


def _report(case: Case, line: Line, at: dt.datetime) -> None:
    """A report on the use of what was received, of which a part was found misused."""
    misused = line.used == "misused"
    recovery = Recovery.objects.create(
        key=f"use:{case.pk}", kind="misuse", origin="use_check", scheme="refunds", year=2024, subject=case.subject,
        name=case.name, office_id=case.office_id, city_office_id=case.city_office_id, amount=Decimal("0.01"),
        status="proposed", reason="测试", basis="N2.4", found_on=at.date(), found_at=at, found_label="测试",
    ) if misused else None  # fmt: skip
    report = UseReport.objects.create(
        scheme="refunds", year=2024, subject=case.subject, name=case.name, office_id=case.office_id,
        city_office_id=case.city_office_id, why="sample", status="asked" if line.used == "late" else line.used,
        received=case.amount, total=case.amount, handing=2, recovery=recovery, checked_at=at,
        due_on=NOW.date() - dt.timedelta(days=1 if line.used == "late" else -1),
    )  # fmt: skip
    # what was handed in first does not count, nor does a second line of the same use count the unit twice
    for handing, category in ((1, "costs"), (2, "living"), (2, ("living", "skills", "costs")[line.cause])):
        position = UseLine.objects.filter(report=report, handing=handing).count() + 1
        UseLine.objects.create(
            report=report, handing=handing, position=position, category=category, amount=Decimal("0.01"), on=at.date()
        )


def everywhere() -> list[Office]:
    """The province, a city with rows of its own, and a district."""
    return [Office.objects.get(code=code) for code in ("220000", "220100", "220102")]
