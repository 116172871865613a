"""Who a worker is: a code sent to the registered phone, good once, for minutes, in the browser that asked for it (J4.2).

Whether a number is known is never said: the answer is the same, and only the registered phone gets a code.
"""

from __future__ import annotations

import datetime
import secrets
from base64 import b64encode

from django.conf import settings
from django.db import transaction

from caseworks.base import notices
from caseworks.base.errors import Refusal
from caseworks.base.identifiers import citizen_id_problem, normalise
from caseworks.base.sealed import lookup_hash, seal
from caseworks.base.subjects import person_key
from caseworks.people import offices, staff
from caseworks.people.models import Person
from caseworks.registry.models import Worker
from subsidies.facts import SCHEME
from subsidies.models import Claimant, PhoneCode

DIGITS = 6
GOOD_FOR = datetime.timedelta(minutes=10)
TRIES = 5
_LONG, _PASSPORT = 17, 10  # characters from which on, and digits beyond which, a number is a resident's
AN_HOUR = 5  # codes that one person is sent
WRONG = "验证码不正确或已失效。请核对短信，或重新获取。"


def send(id_no: str, phone: str, *, browser: str, address: str | None, at: datetime.datetime) -> bool:
    """Send a code where number and phone are those of one worker; whether one was sent is not for the page to say."""
    id_no, phone = normalise(id_no, identifier=True), normalise(phone)
    problem = citizen_id_problem(id_no) if _of_a_citizen(id_no) else None
    if problem:
        raise Refusal(f"{problem}，请核对后重新填写。")
    worker = Worker.objects.filter(id_hash=lookup_hash(id_no), phone_hash=lookup_hash(phone)).first()
    if worker is None:
        return False
    recent = PhoneCode.objects.filter(id_hash=worker.id_hash, sent_at__gt=at - datetime.timedelta(hours=1))
    if recent.count() >= AN_HOUR:
        return False
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    place = offices.place(worker.region)
    with transaction.atomic():
        row = PhoneCode.objects.create(
            id_hash=worker.id_hash, browser=browser, code_digest=_digest(browser, code), sent_at=at,
            expires_at=at + GOOD_FOR, address=address or "",
        )  # fmt: skip
        event = notices.Event(
            f"subsidies:code:{row.pk}", person_key(worker.id_hash), worker.name, place.office_id, place.city_office_id,
            scheme=SCHEME, year=at.year,
            params={"sealed_code": b64encode(seal(code)).decode(), "minutes": str(GOOD_FOR // datetime.timedelta(minutes=1))},
        )  # fmt: skip
        notices.post([event], template="subsidies_phone_code", at=at)
    return True


def _of_a_citizen(id_no: str) -> bool:
    """Whether a number means to be a resident's; those of passports and the like have no common check."""
    return len(id_no) >= _LONG or (id_no.isdigit() and len(id_no) > _PASSPORT)


def check(code: str, *, browser: str, at: datetime.datetime) -> Person:
    """The person whom the code was sent to; Refusal for a wrong, an old or a used one, and after too many tries."""
    with transaction.atomic():
        row = PhoneCode.objects.select_for_update().filter(browser=browser).order_by("-pk").first()
        good = (
            row is not None
            and row.used_at is None
            and at <= row.expires_at
            and row.tries < TRIES
            and secrets.compare_digest(bytes(row.code_digest), _digest(browser, normalise(code)))
        )
        if row is not None:
            row.tries += 1
            row.used_at = at if good else row.used_at
            row.save(update_fields=["tries", "used_at"])
        person = _person(row.id_hash, at) if row is not None and good else None
    if person is None:
        raise Refusal(WRONG)
    return person


def _digest(browser: str, code: str) -> bytes:
    return lookup_hash(f"{settings.SECRET_KEY[:8]}:{browser}:{code}")


def _person(id_hash: bytes, at: datetime.datetime) -> Person:
    """The worker's own user, made at the first sign-in."""
    bound = Claimant.objects.select_related("person").filter(id_hash=id_hash).first()
    if bound is not None:
        if not bound.person.is_active:
            raise Refusal("该账号已停用，请到参保地经办机构办理。")
        return bound.person
    worker = Worker.objects.get(id_hash=id_hash)
    person = staff.make_worker(f"worker-{secrets.token_hex(8)}", full_name=worker.name)
    Claimant.objects.create(person=person, id_hash=id_hash, made_at=at)
    return person


def id_hash_of(person: Person) -> bytes | None:
    """Whose claims a worker's user sees."""
    return Claimant.objects.filter(person=person).values_list("id_hash", flat=True).first()
