"""Policy rows: two people, frozen once in force, chosen by region and day (N2.7, contract 2)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from caseworks.base.enums import Role
from caseworks.base.errors import Refusal
from caseworks.law import comparing, policies, seeding
from caseworks.law.figures import Figure
from caseworks.law.models import Policy, PolicyFigure
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from tests.law.conftest import AT, SHELL

D = datetime.date.fromisoformat
SEED = {(p.scheme, p.region, p.year, p.version): p for p in seeding.all_policies()}
pytestmark = pytest.mark.usefixtures("province")


def a_draft(by: Actor, region: str = "22", year: int = 2024, **other: Any) -> Policy:
    seed = SEED["refunds", "22", 2024, 1]
    values: dict[str, Any] = {
        "scheme": "refunds",
        "region": region,
        "year": year,
        "title": f"{region or '全国'} {year}",
        "documents": seed.documents,
        "effective_from": datetime.date(year, 1, 1),
        "effective_to": datetime.date(year, 12, 31),
        "figures": seed.figures,
        "at": AT,
        "by": by,
    }
    return policies.draft(**(values | other))


def in_force(drafter: Actor, signer: Actor, **values: Any) -> Policy:
    return policies.put_in_force(a_draft(drafter, **values), by=signer, at=AT)


def with_figure(name: str, value: str) -> list[Figure]:
    return [
        Figure(f.name, f.kind, Decimal(value), "", f.clause) if f.name == name else f
        for f in SEED["refunds", "22", 2024, 1].figures
    ]


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as caught:
        call()
    return str(caught.value)


def breach(call: Callable[[], object]) -> str:
    """The name of the constraint or trigger that stopped it, in the database."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        call()
    return str(caught.value)


# -- a ratio of 600, an end before its start: refused by the operation and by the database


def test_a_ratio_of_600_is_refused_in_words(drafter: Actor) -> None:
    words = refused(lambda: a_draft(drafter, figures=with_figure("ratio_sme", "600")))
    assert words == "“22 2024”没有保存，参数有误：\nratio_sme：比例应在 0 与 1 之间（30% 写作 0.3），现为 600"
    assert not Policy.objects.exists()


def test_a_ratio_of_600_is_refused_by_the_database(drafter: Actor) -> None:
    figure = a_draft(drafter).figures.filter(name="ratio_sme")
    assert "policyfigure_ratio_between_0_and_1" in breach(lambda: figure.update(number=600))
    assert "policyfigure_ratio_between_0_and_1" in breach(lambda: figure.update(number=None))
    assert "policyfigure_ratio_between_0_and_1" in breach(lambda: figure.update(number=Decimal("-0.01")))
    assert figure.get().number == Decimal("0.6")


def test_an_end_before_the_start_is_refused_in_words_and_by_the_database(drafter: Actor) -> None:
    words = refused(lambda: a_draft(drafter, effective_from=D("2024-12-31"), effective_to=D("2024-01-01")))
    assert words == "“22 2024”没有保存：受理止不能早于施行起。请改正日期。"
    policy = a_draft(drafter)
    rows = Policy.objects.filter(pk=policy.pk)
    assert "policy_ends_after_it_starts" in breach(lambda: rows.update(effective_to=D("2023-12-31")))
    rows.update(effective_to=None)  # no end is fine


@pytest.mark.parametrize(
    ("name", "change", "constraint"),
    [
        ("months_required", {"number": Decimal("12.5")}, "policyfigure_whole_number"),
        ("announcement_days", {"number": -1}, "policyfigure_whole_number"),
        ("rule.listed", {"number": 2}, "policyfigure_switch_on_or_off"),
        ("rule.listed", {"number": None}, "policyfigure_switch_on_or_off"),
        ("layoff_formula", {"number": 1}, "policyfigure_text_has_no_number"),
        ("paid_by", {"text": "soon"}, "policyfigure_date"),
        ("ratio_sme", {"clause": ""}, "policyfigure_cites_a_clause"),
        ("ratio_sme", {"kind": "share"}, "policyfigure_kind_known"),
        ("ratio_sme", {"kind": "amount", "number": -1}, "policyfigure_amount_not_negative"),
    ],
)
def test_the_database_guards_every_kind_of_figure(
    drafter: Actor, name: str, change: dict[str, Any], constraint: str
) -> None:
    figure = a_draft(drafter).figures.filter(name=name)
    assert constraint in breach(lambda: figure.update(**change))


@pytest.mark.parametrize("region", ["2", "221", "22-1", "jl"])
def test_a_region_is_a_prefix_of_two_four_or_six_digits(drafter: Actor, region: str) -> None:
    rows = Policy.objects.filter(pk=a_draft(drafter).pk)
    assert "policy_region_is_a_prefix" in breach(lambda: rows.update(region=region))


# -- two people


def test_another_person_puts_it_in_force(drafter: Actor, signer: Actor) -> None:
    policy = in_force(drafter, signer)
    assert (policy.status, policy.drafted_by, policy.in_force_by) == ("in_force", drafter.person, signer.person)
    assert (policy.drafted_label, policy.in_force_label) == ("drafter（drafter）", "signer（signer）")
    assert policy.in_force_at == AT
    assert not policy.training


def test_the_drafter_does_not_put_it_in_force(drafter: Actor) -> None:
    policy = a_draft(drafter)
    words = refused(lambda: policies.put_in_force(policy, by=drafter, at=AT))
    assert words.endswith("drafter 是最后的起草人。请由另一位主管核对并生效。")
    alone = {"status": "in_force", "in_force_by": drafter.person, "in_force_label": "x", "in_force_at": AT}
    assert "policy_four_eyes" in breach(lambda: Policy.objects.filter(pk=policy.pk).update(**alone))
    nobody = alone | {"in_force_by": None}
    assert "policy_four_eyes" in breach(lambda: Policy.objects.filter(pk=policy.pk).update(**nobody))
    policy.refresh_from_db()
    assert policy.status == "draft"


def test_a_draft_by_command_is_put_in_force_by_a_supervisor_and_not_by_a_command(signer: Actor) -> None:
    policy = a_draft(SHELL)
    assert policy.drafted_label == "os:operator manage.py setup"
    words = refused(lambda: policies.put_in_force(policy, by=Actor(os_user="other", command="shell"), at=AT))
    assert "生效须由主管本人" in words
    assert policies.put_in_force(policy, by=signer, at=AT).status == "in_force"


def test_outside_a_training_database_nothing_is_in_force_by_itself(drafter: Actor) -> None:
    policy = a_draft(drafter)
    with pytest.raises(Refusal, match="没有生效"):
        policies.put_in_force(policy, by=SHELL, at=AT, training=True)
    assert "policy_training" in breach(lambda: Policy.objects.filter(pk=policy.pk).update(training=True))


@pytest.mark.parametrize(
    "role", [Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.CASHIER, Role.AUDITOR, Role.ADMINISTRATOR]
)
def test_only_supervisors_draft_and_put_in_force(staff: Callable[..., Person], drafter: Actor, role: Role) -> None:
    other = Actor.of_person(staff("other", role))
    policy = a_draft(drafter)
    assert "不能办理" in refused(lambda: a_draft(other, year=2023))
    assert "不能办理" in refused(lambda: policies.put_in_force(policy, by=other, at=AT))
    assert Policy.objects.get().status == "draft"


def test_a_city_supervisor_decides_for_the_city_only(staff: Callable[..., Person], drafter: Actor) -> None:
    city = Actor.of_person(staff("city", Role.SUPERVISOR, "220100"))
    policies.put_in_force(a_draft(drafter, region="2201"), by=city, at=AT)
    for region in ("", "22", "2202"):
        policy = a_draft(drafter, region=region)
        assert "不能办理" in refused(lambda policy=policy: policies.put_in_force(policy, by=city, at=AT))
    assert list(Policy.objects.in_force().values_list("region", flat=True)) == ["2201"]


def test_what_was_shown_is_what_is_signed(drafter: Actor, signer: Actor) -> None:
    policy = a_draft(drafter)
    shown = comparing.fingerprint(policy)
    policy.figures.filter(name="ratio_sme").update(number=Decimal("0.9"))
    assert "在您查看之后有改动" in refused(lambda: policies.put_in_force(policy, by=signer, at=AT, shown=shown))
    again = comparing.fingerprint(Policy.objects.get(pk=policy.pk))
    assert policies.put_in_force(policy, by=signer, at=AT, shown=again).status == "in_force"


def test_an_incomplete_draft_is_not_put_in_force(drafter: Actor, signer: Actor) -> None:
    policy = a_draft(drafter)
    policy.figures.filter(name="layoff_ceiling").delete()
    words = refused(lambda: policies.put_in_force(policy, by=signer, at=AT))
    assert words.endswith("layoff_ceiling：缺少“裁员率控制目标”")


# -- frozen


def test_a_row_in_force_and_its_figures_are_frozen_in_the_database(drafter: Actor, signer: Actor) -> None:
    policy = in_force(drafter, signer)
    rows, figures = Policy.objects.filter(pk=policy.pk), PolicyFigure.objects.filter(policy=policy)
    extra = PolicyFigure(policy=policy, name="extra", kind="text", clause="x")
    other = a_draft(drafter, year=2023)
    for change in (
        lambda: rows.update(title="another"),
        lambda: rows.update(effective_to=D("2030-12-31")),
        lambda: rows.update(drafted_label="somebody else"),
        lambda: rows.update(status="draft", in_force_at=None, in_force_by=None, in_force_label=""),
        lambda: figures.filter(name="ratio_sme").update(number=Decimal("0.9")),
        lambda: figures.filter(name="ratio_sme").update(note="only a word"),
        lambda: figures.filter(name="ratio_sme").update(policy=other),
        lambda: other.figures.filter(name="ratio_sme").update(policy=policy),
        lambda: figures.filter(name="ratio_sme").delete(),
        lambda: extra.save(),
        lambda: rows.delete(),
    ):
        assert "policy_frozen" in breach(change)
    rows.update(status="superseded", superseded_at=AT)  # the one thing that may happen to it
    assert "policy_frozen" in breach(lambda: rows.update(status="in_force"))
    policy.refresh_from_db()
    assert (policy.title, policy.status) == ("22 2024", "superseded")
    assert policy.figures.get(name="ratio_sme").number == Decimal("0.6")


def test_a_draft_may_be_changed_and_thrown_away(drafter: Actor) -> None:
    policy = a_draft(drafter)
    policy.figures.filter(name="ratio_sme").update(number=Decimal("0.5"))
    policy.delete()
    assert not PolicyFigure.objects.exists()


def test_it_is_put_in_force_once(drafter: Actor, signer: Actor) -> None:
    policy = in_force(drafter, signer)
    assert "不是草稿" in refused(lambda: policies.put_in_force(policy, by=signer, at=AT))


# -- versions


def test_a_new_version_from_the_same_day_supersedes_the_old_one(drafter: Actor, signer: Actor) -> None:
    old = in_force(drafter, signer)
    new = policies.copy_as_draft(old, by=drafter, at=AT)
    assert (new.version, new.status, new.supersedes, new.title) == (2, "draft", old, old.title)
    assert new.figures_dict() == old.figures_dict()
    new.figures.filter(name="ratio_sme").update(number=Decimal("0.5"))
    policies.put_in_force(new, by=signer, at=AT)
    old.refresh_from_db()
    assert (old.status, old.superseded_at) == ("superseded", AT)
    assert policies.for_screening("refunds", 2024, "22", D("2024-06-28")) == new


def test_a_copy_for_another_year_moves_its_dates(drafter: Actor, signer: Actor) -> None:
    old = in_force(drafter, signer, effective_from=D("2024-02-29"))
    new = policies.copy_as_draft(old, by=drafter, at=AT, year=2027)
    assert (new.year, new.version, new.effective_from, new.effective_to) == (2027, 1, D("2027-02-28"), D("2027-12-31"))


def test_a_copy_gains_the_figures_that_its_scheme_has_gained_since(drafter: Actor) -> None:
    old = a_draft(drafter)
    old.figures.filter(name__in=["sample_share", "rule.listed"]).delete()
    PolicyFigure.objects.create(policy=old, name="retired", kind="text", clause="x")
    new = policies.copy_as_draft(old, by=drafter, at=AT)
    assert list(new.figures_dict()) == [f.name for f in SEED["refunds", "22", 2024, 1].figures]
    assert policies.parameters(new).sample_share == Decimal("0.05")  # type: ignore[attr-defined]


def test_differences_to_the_row_before_are_shown(drafter: Actor, signer: Actor) -> None:
    old = in_force(drafter, signer)
    new = policies.copy_as_draft(old, by=drafter, at=AT)
    new.effective_from = D("2024-07-01")
    new.save()
    new.figures.filter(name="ratio_sme").update(number=Decimal("0.9"))
    new.figures.filter(name="rule.listed").update(number=0)
    assert comparing.previous(new) == old
    assert [(d.label, d.before, d.after) for d in comparing.differences(new, old)] == [
        ("施行起", "2024-01-01", "2024-07-01"),
        ("中小微企业返还比例", "60%", "90%"),
        ("规则：列入失信惩戒或僵尸企业名单", "启用", "停用"),
    ]
    first = comparing.differences(old, None)
    assert ("中小微企业返还比例", "—", "60%") in [(d.label, d.before, d.after) for d in first]


def test_the_row_before_may_be_that_of_the_year_before(drafter: Actor, signer: Actor) -> None:
    old = in_force(drafter, signer, year=2023)
    in_force(drafter, signer, year=2023, region="2201")
    assert comparing.previous(a_draft(drafter)) == old
    assert comparing.previous(old) is None


# -- which row counts


def test_the_longest_region_then_the_latest_day(drafter: Actor, signer: Actor) -> None:
    nation = in_force(drafter, signer, region="")
    jilin = in_force(drafter, signer, region="22")
    raised = in_force(drafter, signer, region="22", effective_from=D("2024-07-01"))
    city = in_force(drafter, signer, region="2201")
    choose = lambda region, day: policies.for_screening("refunds", 2024, region, D(day))  # noqa: E731
    assert choose("", "2024-06-28") == nation
    assert choose("21", "2024-06-28") == nation
    assert choose("22", "2024-06-30") == jilin
    assert choose("22", "2024-07-01") == raised
    assert choose("2201", "2024-12-31") == city
    assert choose("220102", "2024-01-01") == city
    assert choose("220281", "2026-11-22") == raised  # effective_to bounds applications, not screening
    rows = policies.within("refunds", 2024, "22", D("2024-06-28"))
    assert rows == {"22": jilin, "2201": city}
    assert [policies.row_for(rows, region) for region in ("220102", "220281")] == [city, jilin]
    assert policies.within("refunds", 2024, "2202", D("2024-08-01")) == {"2202": raised}


def test_without_a_row_in_force_the_refusal_names_what_is_missing(drafter: Actor, signer: Actor) -> None:
    words = refused(lambda: policies.for_screening("refunds", 2024, "22", D("2024-06-28")))
    assert words == (
        "缺少生效的政策：2024 年度稳岗返还（地区 22 或全国，2024-06-28 或之前施行）。未作任何更改。"
        "请主管在“管理－政策”中起草，并由另一人生效。"
    )
    a_draft(drafter)
    in_force(drafter, signer, region="", effective_from=D("2024-07-01"))
    in_force(drafter, signer, region="2201")  # of a part only: it does not serve the province
    words = refused(lambda: policies.for_screening("refunds", 2024, "22", D("2024-06-28")))
    assert words.splitlines()[1:] == [
        "稳岗返还 全国 2024 第1版：生效，2024-07-01 起施行",
        "稳岗返还 地区 22 2024 第1版：草稿，2024-01-01 起施行",
    ]
