"""People of the registry built by hand: a worker with insurance months and certificates."""

from __future__ import annotations

import datetime

from caseworks.base.sealed import lookup_hash
from caseworks.people import offices
from caseworks.registry.models import BenefitSpell, Certificate, TrainingSubsidy, Unit, Worker, WorkerInsurance

D = datetime.date.fromisoformat
ENTERPRISE, BUREAU = "91220102XNQNQPW14U", "11220102XN00000000"
_CHECK = "10X98765432"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def number(serial: int) -> str:
    """A right ID number of an invented person, born 1990-01-01 in 220102."""
    body = f"22010219900101{serial:03d}"
    return body + _CHECK[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


def unit(uscc: str = ENTERPRISE, unit_type: str = "enterprise") -> Unit:
    """A unit to be insured by."""
    office, city = offices.place("220102")
    found, _ = Unit.objects.get_or_create(
        uscc=uscc,
        defaults={
            "name": f"示例{unit_type}", "unit_type": unit_type, "size": "small", "region": "220102", "status": "active",
            "insured_from": D("2015-01-01"), "office_id": office, "city_office_id": city,
            "updated_at": datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
        },
    )  # fmt: skip
    return found


def worker(
    serial: int = 1, *, region: str = "220102", insured: tuple[tuple[str, str], ...] = (("2022-01", "2024-12"),),
    uscc: str = ENTERPRISE, card: bool = True,
) -> str:  # fmt: skip
    """A worker and the months insured by a unit; the ID number."""
    unit(uscc, "enterprise" if uscc == ENTERPRISE else "government")
    id_no = number(serial)
    hashed = lookup_hash(id_no)
    account = f"62999900{serial:08d}"
    Worker.objects.create(
        id_hash=hashed, id_no=id_no, name=f"样例{serial}", phone=f"1990000{serial:04d}",
        phone_hash=lookup_hash(f"1990000{serial:04d}"), region=region, card_bank="示例银行", card_account=account,
        card_hash=lookup_hash(account), card_tail=account[-4:], card_active=card,
    )  # fmt: skip
    for first, last in insured:
        WorkerInsurance.objects.create(id_hash=hashed, uscc=uscc, period_from=first, period_to=last)
    return id_no


def certificate(id_no: str, cert_no: str, *, code: str = "", level: int = 5, issued_on: str = "2024-02-10") -> str:
    """A certificate of a person, of an occupation of its own unless said otherwise."""
    Certificate.objects.create(
        cert_no=cert_no, id_hash=lookup_hash(id_no), cert_type="skill_level", occupation_code=code or cert_no,
        occupation="电工", level=level, issued_on=D(issued_on), issuer="示例评价机构",
    )  # fmt: skip
    return cert_no


def benefit(id_no: str, first: str, last: str) -> None:
    """Months in which a person received benefit."""
    BenefitSpell.objects.create(id_hash=lookup_hash(id_no), period_from=first, period_to=last)


def training(id_no: str, code: str, level: int, paid_on: str, amount: str = "800.00") -> None:
    """A training subsidy of a person."""
    TrainingSubsidy.objects.create(
        id_hash=lookup_hash(id_no), occupation_code=code, level=level, paid_on=D(paid_on), amount=amount
    )
