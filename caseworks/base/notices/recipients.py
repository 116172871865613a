"""To whom a notice goes: asked of the room that knows, by a function named in settings (NOTICE_RECIPIENTS)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from caseworks.base.models import Notice
from caseworks.base.notices import templates

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


def values(notice: Notice, recipient: Recipient) -> dict[str, object]:
    """What the placeholders of a notice stand for."""
    common = {
        "name": notice.name,
        "year": notice.year,
        "office": recipient.office,
        "office_phone": recipient.office_phone or settings.HOTLINE,
    }
    return {**common, **notice.params}


def words(notice: Notice, recipient: Recipient) -> tuple[str, str]:
    """Title and text of a notice; a missing value is shown as a gap."""
    known = values(notice, recipient)
    version = notice.version
    gaps = dict.fromkeys(templates.placeholders_in(version.sms, version.title, version.body), "—")
    said = {**gaps, **{name: value for name, value in known.items() if value not in (None, "")}}
    if notice.channel == "sms":
        return "", templates.fill(version.sms, said)
    return templates.fill(version.title, said), templates.fill(version.body, said)
