"""Around a claim: the evidence of a look-up, the signs for the reviewer, invitations, and who signs in (J3.1, J4.2, N6.3)."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from caseworks.base.errors import Refusal
from caseworks.base.models import Notice
from caseworks.base.notices import delivery, recipients
from caseworks.base.rekeying import rehash
from caseworks.base.sealed import lookup_hash
from caseworks.cases import reviews
from caseworks.cases.models import Case, ReviewSheet
from caseworks.people.models import Person
from caseworks.registry.models import Certificate, Separation, Worker
from subsidies import claims, codes, invitations, persons, signs
from subsidies.enums import Channel
from subsidies.models import Claim, Claimant, Invitation, Lookup, PhoneCode
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR

pytestmark = pytest.mark.django_db
DAY = datetime.date(2024, 6, 3)


@pytest.fixture(autouse=True)
def _bureau(settings: object) -> None:
    settings.TRAINING = True  # type: ignore[attr-defined]
    call_command("setup")


def take(id_no: str, cert_no: str) -> Claim:
    return claims.take(id_no=id_no, cert_no=cert_no, applied_on=DAY, channel=Channel.COUNTER, by=OPERATOR, at=AT)


# -- look-ups


def test_each_claim_keeps_the_evidence_of_its_look_up() -> None:
    id_no = build.worker()
    build.certificate(id_no, "C1", code="A", level=4)
    found, missing = take(id_no, "C1"), take(id_no, "C2")
    first, second = Lookup.objects.order_by("pk")
    assert (first.claim, first.found, first.answer["level"], first.answer["issued_on"]) == (
        found,
        True,
        4,
        "2024-02-10",
    )
    assert (second.claim, second.found, second.answer["level"]) == (missing, False, 0)
    assert first.source.startswith("证书登记导入文件")
    assert (first.label, first.at, len(bytes(first.digest))) == (OPERATOR.label, AT, 32)
    with pytest.raises(DatabaseError), transaction.atomic():
        Lookup.objects.filter(pk=first.pk).update(found=False)


def test_another_source_is_named_in_settings(settings: object) -> None:
    settings.CERTIFICATE_SOURCE = "tests.subsidies.sources.always"  # type: ignore[attr-defined]
    take(build.worker(), "C1")
    assert Lookup.objects.get().source == "证书全国联网查询"


# -- signs


def flags(id_no: str, cert_no: str) -> list[str]:
    take(id_no, cert_no)
    return [seen.code for seen in signs.of_claim(Claim.objects.latest("pk"))]


def test_signs_are_counted_and_decide_nothing() -> None:
    id_no = build.worker(1)
    build.certificate(id_no, "C1", code="A", level=5, issued_on="2023-07-01")
    build.certificate(id_no, "C2", code="A", level=3, issued_on="2024-02-01")
    assert flags(id_no, "C2") == ["level_jump"]
    Worker.objects.filter(id_hash=lookup_hash(build.worker(2))).update(
        card_hash=Worker.objects.get(id_hash=lookup_hash(id_no)).card_hash
    )
    Separation.objects.create(
        uscc=build.ENTERPRISE, id_no=id_no, id_hash=lookup_hash(id_no), separated_on="2024-05-01", reason="retirement"
    )
    claim = Claim.objects.get()
    assert [(seen.code, seen.words) for seen in signs.of_claim(claim)] == [
        ("card_shared", "另有 1 人登记了同一张社保卡"),
        ("level_jump", "此前同一职业的证书低两级以上，没有中间等级"),
        ("after_the_end", "申领前已有死亡或退休减员记录"),
    ]
    assert claim.outcome == "granted"
    reviews.open_eligible(scheme="subsidies", year=2024, by=OPERATOR, at=AT)
    assert ReviewSheet.objects.get().flags == ["card_shared", "level_jump", "after_the_end"]
    claim.refresh_from_db()
    assert claim.signs == ["card_shared", "level_jump", "after_the_end"]


def test_signs_of_crowds_begin_at_the_figures_of_the_policy_row() -> None:
    people = [build.worker(serial) for serial in range(3)]
    for place, id_no in enumerate(people[:2]):
        Worker.objects.filter(id_hash=lookup_hash(id_no)).update(phone_hash=lookup_hash("19900000000"))
        build.certificate(id_no, f"C{place}")
    assert flags(people[0], "C0") == []
    Worker.objects.filter(id_hash=lookup_hash(people[2])).update(phone_hash=lookup_hash("19900000000"))
    assert flags(people[1], "C1") == ["phone_shared"]
    for serial in range(48):
        build.certificate(build.worker(100 + serial), f"D{serial}")
    assert {seen.code for seen in signs.of_claim(Claim.objects.earliest("pk"))} == {"phone_shared", "issued_in_bulk"}


def test_a_certificate_before_the_first_insurance() -> None:
    id_no = build.worker(insured=(("2024-03", "2024-12"),))
    build.certificate(id_no, "C1")
    assert flags(id_no, "C1") == ["before_insurance"]


# -- 政策找人


def invite(at: datetime.datetime = AT) -> invitations.Invited:
    return invitations.carry_out(invitations.begin(by=OPERATOR, at=at), by=OPERATOR, at=at)


def test_who_could_claim_and_has_not_is_invited_once() -> None:
    ready, claimed, level, old = (build.worker(serial) for serial in range(4))
    build.certificate(ready, "C1", level=4)
    build.certificate(ready, "C2", level=5)
    build.certificate(claimed, "C3")
    build.certificate(level, "C4", level=2)
    build.certificate(old, "C5", issued_on="2023-01-10")
    take(claimed, "C3")
    done = invite()
    assert (done.looked_at, done.invited, done.posted) == (3, 2, 1)
    assert set(Invitation.objects.values_list("cert_no", "amount", "last_day")) == {
        ("C1", Decimal("1500.00"), datetime.date(2024, 12, 31)), ("C2", Decimal("1000.00"), datetime.date(2024, 12, 31)),
    }  # fmt: skip
    notice = Notice.objects.get(template="subsidies_invited")
    assert (notice.channel, notice.params) == ("sms", {"count": "2", "amount": "2,500.00", "last_day": "2024-12-31"})
    again = invite(AT + datetime.timedelta(days=1))
    assert (again.invited, again.posted) == (0, 0)
    build.certificate(ready, "C6", issued_on="2024-06-01")
    assert invite(AT + datetime.timedelta(days=2)).posted == 1


def test_nobody_is_told_of_more_than_can_be_had() -> None:
    many, ladder = build.worker(1), build.worker(2)
    for serial in range(5):
        build.certificate(many, f"C{serial}", level=5)
    build.certificate(ladder, "L3", code="A", level=3)
    build.certificate(ladder, "L5", code="A", level=5)
    build.certificate(ladder, "S5", code="A", level=5)
    done = invite()
    assert (done.looked_at, done.invited, done.posted) == (8, 5, 2)
    told = {notice.subject: notice.params for notice in Notice.objects.filter(template="subsidies_invited")}
    assert told[lookup_hash(many).hex()]["count"] == "3"
    assert told[lookup_hash(ladder).hex()] == {"count": "2", "amount": "3,000.00", "last_day": "2024-12-31"}
    assert set(Invitation.objects.filter(id_hash=lookup_hash(ladder)).values_list("cert_no", flat=True)) == {"L5", "L3"}
    assert invite(AT + datetime.timedelta(days=1)).invited == 0


def test_a_second_look_on_the_same_day_tells_of_what_came_since() -> None:
    id_no = build.worker(1)
    build.certificate(id_no, "C1")
    assert invite().posted == 1
    build.certificate(id_no, "C2")
    assert invite(AT + datetime.timedelta(hours=1)).posted == 1
    assert Notice.objects.filter(template="subsidies_invited").count() == 2


def test_claims_without_a_case_are_filtered_and_shown_by_their_signs() -> None:
    shared, alone = build.worker(1), build.worker(2)
    other = build.worker(3)
    first = Worker.objects.get(id_hash=lookup_hash(shared))
    Worker.objects.filter(id_hash=lookup_hash(other)).update(card_hash=first.card_hash)
    build.certificate(shared, "C1")
    build.certificate(alone, "C2", issued_on="2024-02-11")
    build.certificate(other, "C3", issued_on="2024-02-12")
    mine, plain, refused = take(shared, "C1"), take(alone, "C2"), take(other, "C9")
    assert signs.shown([mine, plain, refused]) == {
        mine.pk: ["card_shared"],
        plain.pk: [],
        refused.pk: ["card_shared"],
    }
    rows = Claim.objects.of_year(2024)
    assert set(signs.raised(rows, "card_shared")) == {mine, refused}
    assert set(signs.raised(rows, "any")) == {mine, refused}
    assert set(signs.raised(rows, "level_jump")) == set()
    reviews.open_eligible(scheme="subsidies", year=2024, by=OPERATOR, at=AT)
    mine.refresh_from_db()
    assert (mine.case_id is None, mine.signs) == (False, ["card_shared"])
    assert set(signs.raised(rows, "card_shared")) == {mine, refused}
    assert signs.shown([mine]) == {mine.pk: ["card_shared"]}


# -- signing in by a code


def send(id_no: str, phone: str, browser: str = "b1", at: datetime.datetime = AT) -> bool:
    return codes.send(id_no, phone, browser=browser, address="10.0.0.1", at=at)


def code_sent() -> str:
    notice = Notice.objects.filter(template="subsidies_phone_code").latest("pk")
    known = recipients.values(notice, recipients.of([notice])[notice.pk], opened=True)
    return str(known["code"])


def test_a_code_goes_to_the_registered_phone_alone_and_no_page_shows_it() -> None:
    id_no = build.worker(1)
    assert not send(id_no, "19900009999")
    assert not send(build.number(7), "19900000001")
    assert not PhoneCode.objects.exists()
    assert send(id_no, "１９９００００ 0001".replace(" ", ""))
    notice = Notice.objects.get()
    assert code_sent() not in str(notice.params)
    shown = recipients.words(notice, recipients.of([notice])[notice.pk])[1]
    assert "验证码—，10分钟内有效" in shown
    assert delivery.deliver(clock=lambda: AT).total == 1


def test_somebody_with_a_passport_signs_in_as_well() -> None:
    id_no = build.worker(1)
    Worker.objects.filter(id_hash=lookup_hash(id_no)).update(
        id_hash=lookup_hash("E12345678"), id_no="E12345678", id_type="passport"
    )
    assert send("e12345678", "19900000001")
    assert not send("E12345679", "19900000001")
    with pytest.raises(Refusal, match="应为18位，现为17位"):
        send(id_no[:17], "19900000001")


def test_a_code_is_good_once_in_its_browser_and_makes_the_workers_user() -> None:
    id_no = build.worker(1)
    send(id_no, "19900000001")
    code = code_sent()
    for browser, text, at in (
        ("b2", code, AT), ("b1", "000000" if code != "000000" else "111111", AT), ("b1", code, AT + datetime.timedelta(minutes=11)),
    ):  # fmt: skip
        with pytest.raises(Refusal, match="验证码不正确或已失效"):
            codes.check(text, browser=browser, at=at)
    person = codes.check(code, browser="b1", at=AT)
    assert (person.kind, person.full_name, person.office, person.roles(DAY)) == ("worker", "样例1", None, frozenset())
    assert codes.id_hash_of(person) == lookup_hash(id_no)
    with pytest.raises(Refusal):
        codes.check(code, browser="b1", at=AT)
    send(id_no, "19900000001")
    assert codes.check(code_sent(), browser="b1", at=AT) == person
    assert (Person.objects.filter(kind="worker").count(), Claimant.objects.count()) == (1, 1)


def test_five_tries_and_five_codes_an_hour() -> None:
    id_no = build.worker(1)
    assert [send(id_no, "19900000001") for _ in range(6)] == [True] * 5 + [False]
    code = code_sent()
    for _ in range(5):
        with pytest.raises(Refusal):
            codes.check("abc", browser="b1", at=AT)
    with pytest.raises(Refusal):
        codes.check(code, browser="b1", at=AT)
    assert send(id_no, "19900000001", at=AT + datetime.timedelta(hours=2))


# -- the person as the counter sees them


def test_everything_known_is_filled_in_and_what_is_missing_is_said() -> None:
    id_no = build.worker(1, card=False)
    build.certificate(id_no, "C1", level=4)
    build.certificate(id_no, "C2", level=2)
    found = persons.of_number(id_no, on=DAY)
    assert (found.name, found.id_masked, found.phone, found.card) == (
        "样例1", f"{id_no[:3]}***********{id_no[-4:]}", "199****0001", "**** 0001",
    )  # fmt: skip
    assert [(chance.certificate.cert_no, chance.granted, chance.amount) for chance in found.chances] == [
        ("C1", True, Decimal("1500")), ("C2", False, Decimal(0)),
    ]  # fmt: skip
    assert [chance.last_day.isoformat() for chance in found.chances] == ["2024-12-31", "2024-12-31"]
    assert found.missing == ["社会保障卡金融功能未激活：可以申领，请提醒本人到发卡银行激活，激活后拨付。"]
    assert found.months == 36
    unknown = persons.of_number(build.number(9), on=DAY)
    assert (unknown.worker, unknown.chances) == (None, [])
    assert "没有此人" in unknown.missing[0]
    assert not Lookup.objects.exists()
    assert Certificate.objects.count() == 2


# -- keys


def test_a_new_look_up_key_takes_cases_and_users_along(settings: object) -> None:
    id_no = build.worker(1)
    build.certificate(id_no, "C1")
    take(id_no, "C1")
    take(build.number(9), "C9")
    send(id_no, "19900000001")
    codes.check(code_sent(), browser="b1", at=AT)
    reviews.open_eligible(scheme="subsidies", year=2024, by=OPERATOR, at=AT)
    settings.LOOKUP_KEY = "bmV3IGxvb2stdXAga2V5LCAzMiBieXRlcyBsb25nISE="  # type: ignore[attr-defined]
    rehash()
    assert Case.objects.get().subject == lookup_hash(id_no).hex()
    assert Claimant.objects.get().id_hash == lookup_hash(id_no)
    assert Claim.objects.filter(id_hash=lookup_hash(id_no)).count() == 1
