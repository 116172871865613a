"""To whom a notice goes: asked of the room that knows, by a function named in settings (NOTICE_RECIPIENTS)."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from caseworks.base.models import Notice
from caseworks.base.notices import templates
from caseworks.base.sealed import unseal

SEALED = "sealed_"  # begins the name of a parameter that stands sealed (base64), e.g. a code: no page shows it
_MOBILE = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True)
class Recipient:
    """The number of a subject as the registry has it (may be blank), and the office with its telephone."""

    phone: str
    office: str
    office_phone: str

    @property
    def mobile(self) -> str:
        """The number if a short message can reach it, else blank."""
        digits = re.sub(r"[\s\-()（）]", "", self.phone).removeprefix("+86")
        return digits if _MOBILE.fullmatch(digits) else ""


def of(rows: Sequence[Notice]) -> Mapping[int, Recipient]:
    """The recipient of each notice, by its key."""
    found: Callable[[Sequence[Notice]], Mapping[int, Recipient]] = import_string(settings.NOTICE_RECIPIENTS)
    return found(rows)


def values(notice: Notice, recipient: Recipient, *, opened: bool = False) -> dict[str, object]:
    """What the placeholders of a notice stand for; a `sealed_` one is opened only for the message that is sent."""
    common = {
        "name": notice.name,
        "year": notice.year,
        "office": recipient.office,
        "office_phone": recipient.office_phone or settings.HOTLINE,
    }
    given = {name: value for name, value in notice.params.items() if not name.startswith(SEALED)}
    secret = {
        name.removeprefix(SEALED): unseal(b64decode(value))
        for name, value in notice.params.items()
        if opened and name.startswith(SEALED)
    }
    return {**common, **given, **secret}


def words(notice: Notice, recipient: Recipient) -> tuple[str, str]:
    """Title and text of a notice; a missing value is shown as a gap."""
    known = values(notice, recipient)
    version = notice.version
    gaps = dict.fromkeys(templates.placeholders_in(version.sms, version.title, version.body), "—")
    said = {**gaps, **{name: value for name, value in known.items() if value not in (None, "")}}
    if notice.channel == "sms":
        return "", templates.fill(version.sms, said)
    return templates.fill(version.title, said), templates.fill(version.body, said)
