"""承继: by date, document and two people; two ledgers counted as one, paid once; found by the old name. (decision 0042)"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, ProgrammingError, transaction

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.cases import history, reviews
from caseworks.cases.models import Bar, Case
from caseworks.money import facts as money_facts
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry import successions
from caseworks.registry.models import Succession, Unit
from caseworks.registry.names import former_key, name_key
from refunds import facts, ledgers, screening
from refunds import successions as followed
from refunds.facts import Question
from refunds.models import Assessment
from tests.refunds.build import a_year, make_unit, record, separate
from tests.refunds.conftest import AS_OF, AT, OPERATOR

pytestmark = pytest.mark.django_db(transaction=True)
PDF = files.accept(ContentFile(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", name="准予登记通知书.pdf"), files.SCANS)
MERGED = datetime.date(2023, 7, 1)


def who(role: str) -> Actor:
    return Actor.of_person(Person.objects.get(username=f"training-{role}"))


def named(number: int, name: str, **changes: Any) -> Unit:
    former = changes.get("former_names", "")
    return make_unit(number, name=name, name_key=name_key(name), former_key=former_key(former), **changes)


@pytest.fixture
def two(bureau: None) -> tuple[Unit, Unit]:
    """An old unit that paid until June 2023 with 30 people, and the new one that paid from July on with 28."""
    old, new = named(1, "松花（吉林）机械厂", former_names="江城机械社"), named(2, "松花智能装备有限公司")
    for year, months in ((2022, range(1, 13)), (2023, range(1, 7))):
        a_year(old.uscc, year, months, headcount=30, due=Decimal("300.00"), paid=Decimal("300.00"))
    a_year(new.uscc, 2023, range(7, 13), headcount=28, due=Decimal("280.00"), paid=Decimal("280.00"))
    return old, new


def proposed(old: Unit, new: Unit, on: datetime.date = MERGED, **more: Any) -> Succession:
    given = {"document_no": "吉市监准字〔2023〕12号", "file": PDF, "by": who("clerk"), "at": AT, **more}
    return successions.propose(predecessor=old.uscc, successor=new.uscc, effective_on=on, **given)


def joined(old: Unit, new: Unit, on: datetime.date = MERGED) -> followed.Followed:
    return followed.confirm(proposed(old, new, on), by=who("reviewer"), at=AT)


def screened() -> None:
    screening.run(2024, "", AS_OF, OPERATOR, AT)


def of(unit: Unit) -> Assessment:
    return Assessment.objects.get(uscc=unit.uscc, year=2024)


def question(on: datetime.date = AS_OF) -> Question:
    return Question(2024, on, joins=ledgers.joins(2024, on))


def test_two_ledgers_count_as_one(two: tuple[Unit, Unit]) -> None:
    old, new = two
    separate(old.uscc, 1, "2023-03-01", "retirement")
    separate(new.uscc, 2, "2023-09-01", "death")
    screened()
    assert (of(old).outcome, of(new).reasons) == ("manual", ["months_insufficient"])  # no December; six months
    done = joined(old, new)
    assert [(row.uscc, row.outcome) for row in done.judged] == [(old.uscc, "ineligible"), (new.uscc, "eligible")]
    whole, nothing = of(new), of(old)
    assert (whole.months_paid, whole.premium, whole.opening_headcount, whole.closing_headcount) == (
        24, Decimal("3480.00"), 30, 28,
    )  # fmt: skip
    assert (whole.deaths, whole.retirements, whole.net_reduction, whole.amount) == (1, 1, 0, Decimal("2088.00"))
    assert (whole.joined, nothing.joined) == (old.uscc, f">{new.uscc}")
    assert (nothing.months_paid, nothing.premium, nothing.amount) == (0, Decimal("0.00"), Decimal("0.00"))
    assert {"months_insufficient", "no_premium"} <= set(nothing.reasons)
    screened()  # the next screening says the same
    assert (of(new).amount, of(old).reasons) == (Decimal("2088.00"), nothing.reasons)


def test_a_succession_counts_from_its_day_and_once_it_is_confirmed(two: tuple[Unit, Unit]) -> None:
    old, new = two
    row = proposed(old, new, datetime.date(2024, 6, 1), at=AT)
    assert question().joins == ()
    followed.confirm(row, by=who("reviewer"), at=AT)
    assert question(datetime.date(2024, 5, 31)).joins == ()
    assert question().joins == ((old.uscc, new.uscc),)


def test_a_chain_goes_to_the_last_and_several_go_to_one(two: tuple[Unit, Unit]) -> None:
    old, new = two
    other, last = named(3, "北山铸造厂"), named(4, "松花集团有限公司")
    a_year(other.uscc, 2023, range(1, 4), headcount=5)
    record(last.uscc, "2023-12", headcount=40)
    for one, next_ in ((old, new), (other, new), (new, last)):
        joined(one, next_)
    assert question().joins == tuple((unit.uscc, last.uscc) for unit in (old, new, other))
    (found,) = facts.of_units(question(), [last.uscc])
    assert found.joined == ";".join(sorted(unit.uscc for unit in (old, new, other)))
    assert (found.facts.opening_headcount, found.facts.closing_headcount) == (35, 68)
    assert found.facts.premium == Decimal("1800.00") + Decimal("1680.00") + Decimal("300.00") + Decimal("100.00")
    for unit in (old, new, other):
        (nothing,) = facts.of_units(question(), [unit.uscc])
        assert (nothing.facts.premium, nothing.facts.opening_headcount) == (Decimal("0.00"), 0)
    with pytest.raises(Refusal, match="承继关系成了循环"):
        proposed(last, old)


def test_a_bar_goes_on_and_a_list_does_not(two: tuple[Unit, Unit]) -> None:
    old, new = two
    Bar.objects.create(uscc=old.uscc, year=2024, reason="逾期未拨付", proposed_at=AT, proposed_label="clerk")
    screened()
    joined(old, new)
    assert (of(new).bar, of(new).reasons) == ("proposed", ["disqualified"])


def test_two_people_a_document_and_one_successor(two: tuple[Unit, Unit]) -> None:
    old, new = two
    with pytest.raises(Refusal, match="请写明依据文号"):
        proposed(old, new, document_no=" ")
    with pytest.raises(Refusal, match="承继日期 2024-07-01 在今天之后"):
        proposed(old, new, datetime.date(2024, 7, 1))
    with pytest.raises(Refusal, match="是同一个代码"):
        proposed(old, old)
    with pytest.raises(Refusal, match=r"您没有对.*登记承继的权限"):
        proposed(old, new, by=who("reviewer"))
    row = proposed(old, new)
    with pytest.raises(Refusal, match="已有一条承继登记"):
        proposed(old, named(5, "另一家公司"))
    with pytest.raises(Refusal, match=r"您没有对.*确认承继的权限"):
        followed.confirm(row, by=who("clerk"), at=AT)
    by_command = proposed(new, old, by=OPERATOR)
    with pytest.raises(Refusal, match="须由另一人确认"):
        followed.confirm(by_command, by=OPERATOR, at=AT)
    successions.refuse(by_command, by=who("reviewer"), at=AT, note="方向相反")
    with pytest.raises(Refusal, match="请写明不予确认的原因"):
        successions.refuse(row, by=who("reviewer"), at=AT, note="")
    assert successions.refuse(row, by=who("reviewer"), at=AT, note="文号不符").status == "refused"
    again = joined(old, new).succession
    with pytest.raises(IntegrityError, match="succession_four_eyes"), transaction.atomic():
        Succession.objects.filter(pk=again.pk).update(decided_by=again.proposed_by)
    with pytest.raises(ProgrammingError), transaction.atomic():
        Succession.objects.filter(pk=again.pk).update(successor="91220102MA00000000")
    with pytest.raises(Refusal, match=r"已不在可确认的状态（有效）"):
        successions.confirm(again, by=who("reviewer"), at=AT)


def open_cases() -> int:
    return reviews.open_eligible(scheme="refunds", year=2024, by=who("clerk"), at=AT)


def test_the_predecessor_is_not_opened_even_on_an_old_judgement(two: tuple[Unit, Unit]) -> None:
    old, new = two
    a_year(old.uscc, 2023, range(7, 13), headcount=30)
    screened()
    assert of(old).outcome == "eligible"
    # a day on which the old judgement does not know of it
    followed.confirm(proposed(old, new, datetime.date(2024, 6, 28)), by=who("reviewer"), at=AT)
    Assessment.objects.filter(uscc=old.uscc).update(outcome="eligible", reasons=[], amount=Decimal("500.00"))
    open_cases()
    assert list(Case.objects.values_list("subject", flat=True)) == [new.uscc]


def test_a_ledger_pays_once(two: tuple[Unit, Unit]) -> None:
    old, new = two
    a_year(old.uscc, 2023, range(7, 13), headcount=30, due=Decimal("300.00"), paid=Decimal("300.00"))
    a_year(new.uscc, 2022, headcount=28)
    record(new.uscc, "2023-01", headcount=28)
    screened()
    assert open_cases() == 2
    mine = Case.objects.get(subject=old.uscc)
    done = joined(old, new)
    # the old unit's case keeps its ledger, and is paid nothing: it has to be refused or withdrawn first
    assert done.in_the_way == [mine]
    assert question().joins == ()
    waits = money_facts.obstacles([mine.pk], AS_OF)
    assert waits == {mine.pk: ["已由“松花智能装备有限公司”承继，不再向本单位支付。"]}
    history.take("withdraw", [mine.pk], by=who("clerk"), at=AT, note="由承继单位一并核定")
    assert question().joins == ((old.uscc, new.uscc),)
    heir = Case.objects.get(subject=new.uscc)
    before = heir.amount
    assert reviews.rejudge(heir.pk, by=who("clerk"), at=AT, note="承继")
    heir.refresh_from_db()
    assert heir.amount - before == Decimal("2160.00")  # 60 % of twelve months of the old unit
    # it cannot be taken back while this case counts it
    with pytest.raises(Refusal, match=r"已有业务件按合并的缴费核定：松花智能装备有限公司 2024 年度（待初审）"):
        followed.revoke(done.succession, by=who("reviewer"), at=AT, because="登记有误")
    history.take("withdraw", [heir.pk], by=who("clerk"), at=AT, note="重新核定")
    revoked = followed.revoke(done.succession, by=who("reviewer"), at=AT, because="登记有误")
    assert revoked.succession.status == "revoked"
    assert question().joins == ()


def test_while_it_waits_to_be_confirmed_the_old_unit_waits_too(two: tuple[Unit, Unit]) -> None:
    old, new = two
    a_year(old.uscc, 2023, range(7, 13), headcount=30)
    screened()
    open_cases()
    case = Case.objects.get(subject=old.uscc)
    row = proposed(old, new)
    assert "待另一人确认" in money_facts.obstacles([case.pk], AS_OF)[case.pk][0]
    successions.refuse(row, by=who("reviewer"), at=AT, note="材料不全")
    assert money_facts.obstacles([case.pk], AS_OF) == {}


def test_the_old_name_leads_to_the_new_unit(two: tuple[Unit, Unit]) -> None:
    old, new = two
    last = named(4, "松花集团有限公司")
    for text in ("松花(吉林)", "松 花（吉 林）机械", "江城机械"):
        assert set(Unit.objects.search(text)) == {old}
    joined(old, new)
    joined(new, last)
    for text in ("松花(吉林)", "松 花【吉林】机械", "江城机械"):
        assert set(Unit.objects.search(text)) == {old, new, last}
    assert successions.names_taken_over([last.uscc, new.uscc]) == {
        last.uscc: ["松花（吉林）机械厂", "江城机械社", "松花智能装备有限公司"]
    }


def test_without_a_succession_the_query_is_what_it_was(bureau: None) -> None:
    text = Question(2024, AS_OF).sql("true")
    assert "UNION" not in text
    assert "k.uscc = u.uscc AND k.period" in text
    assert "old" not in text
