"""Everything that is known of a person for the counter, the portal and the worker's page, asked for by the number alone.

What is missing is said; what could be claimed today is judged by the same rules, and nothing of it is stored (N5.4, J4.2).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from caseworks.base.identifiers import mask_account, mask_id, mask_phone
from caseworks.base.sealed import lookup_hash
from caseworks.people import offices
from caseworks.people.models import Office, Person
from caseworks.people.scope import scope_of
from caseworks.registry.models import Certificate, TrainingSubsidy, Worker
from subsidies import explain, facts, judging
from subsidies.models import Claim
from subsidies.policy import months_after

_SPELLS = """
    SELECT s.period_from, s.period_to, coalesce(u.name, s.uscc), coalesce(u.unit_type = 'enterprise', false), false
    FROM registry_workerinsurance s LEFT JOIN registry_unit u ON u.uscc = s.uscc WHERE s.id_hash = %(person)s
    UNION ALL
    SELECT b.period_from, b.period_to, '领取失业保险金', false, true
    FROM registry_benefitspell b WHERE b.id_hash = %(person)s
    ORDER BY 5, 1, 2
"""


@dataclass(frozen=True)
class Spell:
    """Months in which a person was insured by a unit, or received benefit."""

    first: str
    last: str
    unit: str
    enterprise: bool  # what the unit is; whether that counts as being in service is for the policy row (N3.1)
    benefit: bool = False


@dataclass(frozen=True)
class Chance:
    """A certificate and what a claim for it would come to today."""

    certificate: Certificate
    level: str
    granted: bool
    amount: Any
    sentences: list[str]
    last_day: datetime.date
    claimed: Claim | None


@dataclass(frozen=True)
class Known:
    """A person as the bureau knows them; numbers are masked."""

    id_hash: bytes
    worker: Worker | None
    office: Office
    id_masked: str
    phone: str = ""
    card: str = ""
    spells: list[Spell] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    chances: list[Chance] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    trainings: list[TrainingSubsidy] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    months: int = 0

    @property
    def name(self) -> str:
        """The name, or that there is none."""
        return self.worker.name if self.worker else "（参保职工中没有此人）"


def known(
    id_hash: bytes, *, on: datetime.date, id_no: str = "", worker: Worker | None = None, foresee: bool = True
) -> Known:
    """What is known of a person on a day; `foresee`: also what each certificate would bring today."""
    worker = worker or Worker.objects.filter(id_hash=id_hash).first()
    place = offices.place(worker.region if worker else "")
    office = Office.objects.get(pk=place.office_id)
    number = worker.id_no if worker else id_no
    spells = list(_spells(id_hash))
    certificates = list(Certificate.objects.filter(id_hash=id_hash).order_by("-issued_on", "cert_no"))
    mine = list(Claim.objects.of_person(id_hash).select_related("policy", "office", "case"))
    return Known(
        id_hash=id_hash,
        worker=worker,
        office=office,
        id_masked=mask_id(number),
        phone=mask_phone(worker.phone) if worker and worker.phone else "",
        card=mask_account(worker.card_account) if worker and worker.card_account else "",
        spells=spells,
        certificates=certificates,
        chances=list(_chances(certificates, mine, on)) if foresee else [],
        claims=mine,
        trainings=list(TrainingSubsidy.objects.filter(id_hash=id_hash).order_by("-paid_on")),
        missing=list(_missing(worker, spells)),
        months=_distinct_months(spell for spell in spells if not spell.benefit),
    )


def of_number(id_no: str, *, on: datetime.date, foresee: bool = True) -> Known:
    """The same by an ID number that has been checked."""
    return known(lookup_hash(id_no), on=on, id_no=id_no, foresee=foresee)


def within(found: Known, person: Person, on: datetime.date, permission: str) -> bool:
    """Whether the person serves the office that looks after this worker. (J1)"""
    return scope_of(person, on, permission).covers(found.office)


def _missing(worker: Worker | None, spells: list[Spell]) -> Iterable[str]:
    if worker is None:
        yield "参保职工（workers.csv）中没有此人：请核对号码，或由参保地补充登记后再办理。"
        return
    if not spells:
        yield "没有参保记录和领取失业保险金记录。"
    if not worker.card_account:
        yield "没有社会保障卡账户：可以申领，拨付前须补充。"
    elif not worker.card_active:
        yield "社会保障卡金融功能未激活：可以申领，请提醒本人到发卡银行激活，激活后拨付。"
    if not worker.phone:
        yield "没有登记手机号码：收不到短信通知。"


def _spells(id_hash: bytes) -> Iterable[Spell]:
    with connection.cursor() as cursor:
        cursor.execute(_SPELLS, {"person": id_hash})
        yield from (Spell(*row) for row in cursor.fetchall())


def month_number(period: str) -> int:
    """2024-03 as a number that months can be counted by."""
    return int(period[:4]) * 12 + int(period[5:]) - 1


def _distinct_months(spells: Iterable[Spell]) -> int:
    months: set[int] = set()
    for spell in spells:
        months.update(range(month_number(spell.first), month_number(spell.last) + 1))
    return len(months)


def _last_day(certificate: Certificate, months: int, policy_ends: datetime.date | None) -> datetime.date:
    """The last day on which a certificate may be claimed for: of its window, or of the policy."""
    window = months_after(certificate.issued_on, months)
    return min(window, policy_ends) if policy_ends else window


def _chances(certificates: list[Certificate], mine: list[Claim], on: datetime.date) -> Iterable[Chance]:
    if not certificates:
        return
    rules = facts.rulebook(on.year)
    claimed = {claim.cert_no: claim for claim in mine if claim.outcome == "granted" and claim.released_at is None}
    asked = [(certificate.id_hash, certificate.cert_no, on) for certificate in certificates]
    for certificate, found in zip(certificates, judging.foresee(asked, rules), strict=True):
        year = rules.parameters[found.policy_id]
        yield Chance(
            certificate,
            explain.level(certificate.level),
            found.judgement.outcome == "granted" and certificate.cert_no not in claimed,
            found.judgement.amount,
            [explain.sentence(reason, year) for reason in found.judgement.reasons],
            _last_day(certificate, year.window_months, rules.rows[found.policy_id].effective_to),
            claimed.get(certificate.cert_no),
        )
