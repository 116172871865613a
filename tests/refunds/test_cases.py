"""Cases of the refund: what is opened, that screening leaves it alone, that a signature dies with its contents."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal

import pytest

from caseworks.base.enums import Size
from caseworks.base.errors import Refusal
from caseworks.cases import reviews
from caseworks.cases.models import Case, Event, Review, ReviewSheet
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry.models import Unit
from refunds import screening
from refunds.models import Assessment
from tests.refunds.build import a_year, make_unit
from tests.refunds.conftest import AS_OF, AT, OPERATOR

pytestmark = pytest.mark.django_db(transaction=True)


def who(name: str) -> Actor:
    return Actor.of_person(Person.objects.get(username=name))


@pytest.fixture
def three(bureau: None) -> list[Unit]:
    """Three eligible units in three cities, screened."""
    units = [make_unit(number, region) for number, region in ((1, "220102"), (2, "220202"), (3, "220581"))]
    for unit in units:
        a_year(unit.uscc)
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    return units


def open_all(by: Actor | None = None) -> int:
    return reviews.open_eligible(scheme="refunds", year=2024, by=by or who("training-clerk"), at=AT)


def pass_on(stage: str, cases: list[int], by: str) -> None:
    for pk in ReviewSheet.objects.filter(case__in=cases, sampled=True).values_list("case", flat=True):
        reviews.examine(pk, who(by), AT)
    reviews.pass_on(stage=stage, case_ids=cases, opinion="", by=who(by), at=AT)


def test_every_eligible_judgement_becomes_a_case_once(three: list[Unit]) -> None:
    assert open_all() == 3
    assert open_all() == 0
    rows = Assessment.objects.order_by("uscc").values_list("uscc", "amount", "case__subject", "case__amount")
    assert list(rows) == [(unit.uscc, Decimal("720.00"), unit.uscc, Decimal("720.00")) for unit in three]
    assert ReviewSheet.objects.filter(flags=[], further=False, payable=True).count() == 3


def test_the_sample_can_be_drawn_again_by_anybody(three: list[Unit]) -> None:
    open_all()
    for case in Case.objects.select_related("sheet"):
        head = bytes(Event.objects.get(case=case, seq=1).digest)
        drawn = hashlib.sha256(f"sample:{case.pk}".encode() + head).digest()
        assert case.sheet.sampled == (int.from_bytes(drawn[:4], "big") < 0.05 * 2**32)


def test_the_others_are_not_opened(three: list[Unit]) -> None:
    Unit.objects.filter(pk=three[0].pk).update(status="revoked")
    Unit.objects.filter(pk=three[1].pk).update(size="", unit_type="enterprise")
    screening.run(2024, "", AS_OF, OPERATOR, AT)
    assert open_all() == 1
    assert list(Case.objects.values_list("subject", flat=True)) == [three[2].uscc]


def test_screening_leaves_a_case_alone_and_a_second_judgement_brings_it_back(three: list[Unit]) -> None:
    open_all()
    case = Case.objects.get(subject=three[0].uscc)
    pass_on("first", [case.pk], "training-clerk")
    pass_on("second", [case.pk], "training-reviewer")
    Unit.objects.filter(pk=three[0].pk).update(size=Size.LARGE, name="长春示例重型机械有限公司劳务部")
    run = screening.run(2024, "", AS_OF, OPERATOR, AT)
    assert (run.written["in_review"], run.written["in_review_differing"]) == (3, 1)
    assert Assessment.objects.get(case=case).amount == Decimal("720.00")

    assert reviews.rejudge(case.pk, by=who("training-clerk"), at=AT, note="划型更正")
    case.refresh_from_db()
    assert (case.status, case.amount, case.name) == ("opened", Decimal("360.00"), "长春示例重型机械有限公司劳务部")
    assert ReviewSheet.objects.get(case=case).flags == ["dispatch_suspected"]
    assert not Review.objects.filter(case=case, standing=True).exists()
    assert Event.objects.get(case=case, seq=case.seq).note == "划型更正（重新核定为符合，360.00 元）"
    assert not reviews.rejudge(case.pk, by=who("training-clerk"), at=AT, note="再核")
    with pytest.raises(Refusal, match="有提示尚未核实"):
        pass_on("first", [case.pk], "training-clerk")


def test_a_case_that_gets_nothing_any_more_waits_for_a_refusal(three: list[Unit]) -> None:
    open_all()
    case = Case.objects.get(subject=three[0].uscc)
    Unit.objects.filter(pk=three[0].pk).update(status="revoked")
    assert reviews.rejudge(case.pk, by=who("training-clerk"), at=AT, note="已吊销")
    case.refresh_from_db()
    assert (case.status, case.amount, case.sheet.payable) == ("opened", Decimal("0.00"), False)
    with pytest.raises(Refusal, match="已不符合条件"):
        pass_on("first", [case.pk], "training-clerk")


def test_a_clerk_opens_the_cases_of_the_own_city_only(three: list[Unit], make_clerk: Callable[[str], Actor]) -> None:
    by = make_clerk("220100")
    assert open_all(by) == 1
    assert Case.objects.get().subject == three[0].uscc
    with pytest.raises(Refusal, match="您没有立件的权限"):
        open_all(who("training-approver"))
    assert open_all() == 2


@pytest.fixture
def make_clerk() -> Callable[[str], Actor]:
    from caseworks.people.models import Appointment, Office

    def make(code: str) -> Actor:
        model = Appointment.objects.get(person__username="training-clerk")
        office = Office.objects.get(code=code)
        person = Person.objects.create(username=f"clerk-{code}", full_name="市级经办", office=office)
        model.pk, model.person, model.office = None, person, office
        model.save()
        return Actor.of_person(person)

    return make
