"""A unit with a telephone, an office that can be called, a gateway on a local port."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from caseworks.base import notices
from caseworks.base.models import Notice
from caseworks.base.notices import Event
from caseworks.people.models import Office
from caseworks.registry.models import Unit
from tests.notices.gateway import SECRET, Gateway, running
from tests.people.builders import office, seeded
from tests.refunds.build import make_unit

AT = dt.datetime(2024, 7, 9, 1, 30, tzinfo=dt.UTC)
PHONE = "13812345678"


@pytest.fixture
def city(db: None) -> Office:
    seeded()
    Office.objects.filter(code="220100").update(phone="0431-1234567")
    return office("220100")


@pytest.fixture
def unit(city: Office) -> Unit:
    return make_unit(1, region="220100", phone=PHONE)


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    with running() as found:
        settings.SMS_GATEWAY = "caseworks.base.notices.gateways.http_signed"
        settings.SMS_URL, settings.SMS_SECRET, settings.SMS_TIMEOUT = found.url, SECRET, 1
        yield found


def event(unit: Unit, key: str = "paid:1", **params: str) -> Event:
    said = {"business": "稳岗返还", "amount": "100.00", "paid_on": "2024-07-09", "bank": "示例银行", "tail": "6789"}
    return Event(
        key,
        unit.uscc,
        unit.name,
        unit.office_id,
        unit.city_office_id,
        scheme="refunds",
        year=2024,
        case_id=7,
        params={**said, **params},
    )


def posted(unit: Unit, key: str = "paid:1", **params: str) -> Notice:
    """A short message that waits."""
    notices.post([event(unit, key, **params)], template="paid", at=AT)
    return Notice.objects.select_related("version").get(event_key=key, channel="sms")
