"""An application's way: drafted, submitted, sent back and handed in again, withdrawn; one a year (J2.2)."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from caseworks.base.errors import Refusal
from caseworks.cases import openings, reviews
from caseworks.cases.models import Case, Hold
from caseworks.law import policies
from caseworks.law.models import Policy
from caseworks.money import second_check
from caseworks.people.actors import Actor
from caseworks.registry.models import Unit
from dispatch import applications, cases, checks, obligations, replacing
from dispatch.models import Application, RosterRow, Share
from dispatch.parameters import Parameters
from refunds.models import Assessment
from tests.dispatch.agencies import AT, CLOCK, HOSTS, PEOPLE, Paid, day, offences
from tests.money.conftest import Staff, bureau, staff
from tests.people.builders import person, unit_user
from tests.refunds.build import make_unit

__all__ = ["bureau", "staff"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency(staff: Staff, tmp_path: Path) -> Paid:
    return Paid(staff, tmp_path, hosts=2)


def story(agency: Paid) -> list[str]:
    return list(agency.application.lines.order_by("pk").values_list("action", flat=True))


def parts(agency: Paid) -> list[tuple[str, str, str]]:
    rows = Share.objects.filter(application=agency.application).live().order_by("host_uscc", "kind")
    return [(row.kind, row.host_uscc, str(row.amount)) for row in rows]


def test_a_draft_becomes_the_application(agency: Paid) -> None:
    given = {"uscc": agency.unit.uscc, "year": 2024, "by": CLOCK, "at": AT}
    applications.save_draft(agency.roster({HOSTS[0]: "333.34"}), on=day("06-01"), **given)  # type: ignore[arg-type]
    applications.save_draft(agency.roster(), on=day("06-02"), **given)  # type: ignore[arg-type]
    draft = agency.application
    assert (draft.status, draft.version, RosterRow.objects.filter(application=draft).count()) == ("draft", 2, 5)
    applications.submit_draft(draft, on=day("06-03"), by=CLOCK, at=AT)
    done = agency.application
    assert (done.status, done.applied_on, str(done.amount)) == ("submitted", day("06-03"), "300.00")
    assert story(agency) == ["drafted", "drafted", "submitted"]
    with pytest.raises(Refusal, match="已于 2024-06-03 申请 2024 年度返还"):
        applications.submit(agency.roster(), on=day("06-04"), **given)  # type: ignore[arg-type]


def test_sent_back_mended_and_taken_up(agency: Paid, staff: Staff) -> None:
    agency.apply()
    openings.open_eligible(scheme="dispatch", year=2024, by=staff.clerk, at=AT)
    case = agency.case
    reviews.pass_on(stage="first", case_ids=[case.pk], opinion="通过", by=staff.clerk, at=AT)
    applications.send_back(agency.application, note="名册第三行用工单位有误", by=staff.clerk, at=AT)
    case.refresh_from_db()
    assert (case.status, case.sheet.payable) == ("opened", False)
    with pytest.raises(Refusal):
        reviews.pass_on(stage="first", case_ids=[case.pk], opinion="通过", by=staff.clerk, at=AT)
    user = Actor.of_person(unit_user("agency-user", agency.unit.uscc))
    mended = agency.roster({HOSTS[0]: "166.67", HOSTS[2]: "166.67"})
    applications.resubmit(agency.application, mended, on=day("2025-02-01"), by=user, at=AT)
    changed = applications.differences(agency.application, 2)
    assert [(row.host_uscc, str(row.before), str(row.after)) for row in changed] == [
        (HOSTS[2], "None", "100.00"), (HOSTS[1], "100.00", "None"),
    ]  # fmt: skip
    assert applications.take_up(agency.application, by=staff.clerk, at=AT)
    case.refresh_from_db()
    assert (case.sheet.payable, bytes(case.fingerprint)) == (True, bytes(agency.application.fingerprint))
    assert agency.application.applied_on == day("06-03")
    reviews.pass_on(stage="first", case_ids=[case.pk], opinion="通过", by=staff.clerk, at=AT)
    assert story(agency) == ["submitted", "sent_back", "resubmitted"]
    assert offences() == []


def test_withdrawn_it_may_be_handed_in_anew(agency: Paid, staff: Staff) -> None:
    user = Actor.of_person(unit_user("agency-user", agency.unit.uscc))
    agency.apply()
    applications.withdraw(agency.application, note="名册有误", by=user, at=AT)
    agency.apply()
    second = Application.objects.standing().get()
    assert (second.round, second.status) == (2, "submitted")
    openings.open_eligible(scheme="dispatch", year=2024, by=staff.clerk, at=AT)
    with pytest.raises(Refusal, match="不能自行撤回"):
        applications.withdraw(second, note="再撤", by=user, at=AT)
    applications.withdraw(second, note="单位来函", by=staff.clerk, at=AT)
    assert Case.objects.get().status == "withdrawn"


def test_a_stranger_hands_nothing_in(agency: Paid) -> None:
    stranger = Actor.of_person(unit_user("other-user", HOSTS[0]))
    with pytest.raises(Refusal, match="没有对"):
        applications.submit(agency.roster(), uscc=agency.unit.uscc, year=2024, on=day("06-03"), by=stranger, at=AT)
    assert not Application.objects.exists()


def test_the_type_of_units_csv_counts_and_the_difference_is_flagged(agency: Paid) -> None:
    make_unit(90, uscc=HOSTS[0], unit_type="government", name="长春市示例局")
    make_unit(91, uscc=HOSTS[1], name="长春示例用工有限公司")
    agency.apply()
    assert parts(agency) == [
        ("own", "", "100.00"), ("excluded", HOSTS[0], "0.00"), ("host", HOSTS[1], "100.00"),
    ]  # fmt: skip
    assert agency.application.flags == ["host_type_differs"]


def test_a_manual_reason_holds_the_payment_until_it_is_settled(agency: Paid, staff: Staff) -> None:
    Assessment.objects.update(opening_headcount=0)
    agency.apply().approve()
    assert agency.application.flags == ["manual_reason"]
    assert list(Hold.objects.standing().values_list("kind", "reason")) == [
        ("determination", "待人工核定：年初参保人数为零")
    ]
    checked = second_check.run("dispatch", 2024, [agency.case.pk], on=day("06-28"))
    assert [row.reason for row in checked.problems[agency.case.pk]] == ["待人工核定：年初参保人数为零"]
    Assessment.objects.update(opening_headcount=10)
    assert cases.settle_manual(at=AT) == 1
    assert str(agency.send().amount) == "300.00"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dispatch_licence": ""}, "没有劳务派遣许可证号"),
        ({"dispatch_licence_until": day("2023-06-30")}, "不符合要求"),
    ],
)
def test_what_the_unit_lacks(agency: Paid, changes: dict[str, object], words: str) -> None:
    Unit.objects.filter(pk=agency.unit.pk).update(**changes)
    with pytest.raises(Refusal, match=words):
        agency.apply()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcome": "ineligible", "reasons": ["in_arrears", "disqualified"]}, "in_arrears"),
        ({"ratio": None, "size": ""}, "企业划型不明"),
        ({"year": 2023}, "没有 2024 年度的筛查结果"),
        ({"premium": "500.00"}, "比该单位上年度实缴失业保险费 500.00 元多 0.01 元"),
    ],
)
def test_what_the_judgement_says(agency: Paid, changes: dict[str, object], words: str) -> None:
    Assessment.objects.update(**changes)
    with pytest.raises(Refusal, match=words):
        agency.apply()


def test_parts_found_wrong_are_replaced_by_a_supervisor(agency: Paid) -> None:
    supervisor = Actor.of_person(person("supervisor-a", "supervisor"))
    agency.credited()
    agency.voucher("40.00", "07-10")
    agency.decide("verified", "07-11")
    path = agency.roster({HOSTS[0]: "166.67", HOSTS[2]: "166.67"})
    looked = replacing.look(agency.application, path)
    assert looked.takes
    replacing.replace(
        agency.application, path, reason="名册把两家用工单位写错", new_due_on=day("09-30"), by=supervisor, at=AT
    )
    assert parts(agency) == [("own", "", "100.00"), ("host", HOSTS[0], "100.00"), ("host", HOSTS[2], "100.00")]
    assert (agency.part(0).due_on, agency.part(2).due_on) == (day("08-09"), day("09-30"))
    agency.sweep("08-10")
    assert [agency.stands(host) for host in (0, 2)] == ["40 0 60 60 claimed 2025", "0 0 0 0 open 2025"]
    assert offences() == []
    # What is claimed back is not rewritten; parts that stay as they were are not replaced, and others may be again.
    wrong = agency.roster({HOSTS[0]: "100.00", HOSTS[2]: "233.34"})
    with pytest.raises(Refusal, match=r"(?s)不能更换.*示例用工1：已责令退回 60\.00 元"):
        replacing.replace(agency.application, wrong, reason="再换", by=supervisor, at=AT)
    replacing.replace(agency.application, agency.roster(), reason="第二家确为原单位", by=supervisor, at=AT)
    assert [agency.stands(host) for host in (0, 1)] == ["40 0 60 60 claimed 2025", "0 0 0 0 open 2025"]
    assert offences() == []


def test_a_replacement_does_not_change_what_was_paid(agency: Paid) -> None:
    supervisor = Actor.of_person(person("supervisor-a", "supervisor"))
    agency.credited()
    obligations.catch_up(by=CLOCK, at=AT)
    make_unit(90, uscc=HOSTS[0], unit_type="government", name="长春市示例局")
    with pytest.raises(Refusal, match=r"与已拨付的 300\.00 元不符"):
        replacing.replace(agency.application, agency.roster(), reason="单位性质有误", by=supervisor, at=AT)


def test_every_bad_row_is_named_however_many(agency: Paid) -> None:
    path = agency.roster()
    bad = "".join(f"{PEOPLE[0]},甲,own,,,,2022-01,2022-12,1.00\n" for _ in range(700))
    path.write_text(path.read_text(encoding="utf-8") + bad, encoding="utf-8")
    with pytest.raises(Refusal, match="名册有 700 行不符合要求") as refused:
        applications.submit(path, uscc=agency.unit.uscc, year=2024, on=agency.on, by=CLOCK, at=AT)
    assert [line for line in range(5, 705) if f"第 {line} 行" not in str(refused.value)] == []


def test_look_writes_nothing(agency: Paid) -> None:
    looked = checks.look(agency.roster(), uscc=agency.unit.uscc, year=2024, on=day("06-03"))
    assert (looked.takes, str(looked.amount), looked.undetermined, looked.count) == (True, "300.00", 0, 3)
    assert not Application.objects.exists()


@pytest.fixture
def by_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """`dispatch_ratio_basis` host: the rows in force go by the agency."""
    real = policies.parameters

    def changed(row: Policy) -> object:
        found = real(row)
        return dataclasses.replace(found, dispatch_ratio_basis="host") if isinstance(found, Parameters) else found

    monkeypatch.setattr(policies, "parameters", changed)


def test_by_the_hosts_size_an_unknown_one_is_for_the_clerk(agency: Paid, staff: Staff, by_host: None) -> None:
    make_unit(90, uscc=HOSTS[0], size="large", name="长春示例用工有限公司")
    agency.apply()
    assert parts(agency) == [("own", "", "100.00"), ("host", HOSTS[0], "50.00"), ("host", HOSTS[1], "0.00")]
    assert agency.application.undetermined == 1
    assert openings.open_eligible(scheme="dispatch", year=2024, by=staff.clerk, at=AT) == 0
    with pytest.raises(Refusal, match="写明依据"):
        replacing.settle_host(agency.application, host_uscc=HOSTS[1], size="", words="", by=staff.clerk, at=AT)
    replacing.settle_host(
        agency.application, host_uscc=HOSTS[1], size="small", words="工信部门划型", by=staff.clerk, at=AT
    )
    assert parts(agency) == [("own", "", "100.00"), ("host", HOSTS[0], "50.00"), ("host", HOSTS[1], "100.00")]
    assert agency.application.flags == ["host_settled"]
    assert openings.open_eligible(scheme="dispatch", year=2024, by=staff.clerk, at=AT) == 1
    assert offences() == []
