"""What units and persons are told of their cases, posted in the step's own transaction (N5.1).

Nothing is posted before an approval: what is under review promises nothing. A scheme that needs other words brings a
template of its own, `<scheme>_<code>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from caseworks.base import notices
from caseworks.base.notices import MONEY, templates
from caseworks.base.subjects import objector_key
from caseworks.cases.enums import Scheme
from caseworks.cases.models import Objection

# What every notice of a case says of it.
BUSINESS = "CASE c.scheme {} ELSE c.scheme END".format(
    " ".join(f"WHEN '{code}' THEN '{label}'" for code, label in Scheme.choices)
)
ABOUT = "c.scheme, c.year, c.subject, c.name, c.office_id, c.city_office_id, c.id AS case_id"
_APPROVED = f"""
    SELECT 'approved:' || c.id || ':' || c.seq AS event_key, {ABOUT},
           jsonb_build_object('business', {BUSINESS}, 'amount', {MONEY.format("c.amount")}) AS params
    FROM cases_case c
    WHERE c.id = ANY(%(ids)s) AND c.status = 'approved' AND c.scheme = ANY(%(schemes)s)
"""
_ANNOUNCED = f"""
    SELECT 'announced:' || c.id || ':' || a.id AS event_key, {ABOUT},
           jsonb_build_object('business', {BUSINESS}, 'amount', {MONEY.format("l.amount")}, 'number', a.number,
               'first_day', to_char(a.first_day, 'YYYY-MM-DD'), 'last_day', to_char(a.last_day, 'YYYY-MM-DD')) AS params
    FROM cases_announcementline l
    JOIN cases_announcement a ON a.id = l.announcement_id
    JOIN cases_case c ON c.id = l.case_id
    WHERE a.id = %(announcement)s AND l.live AND c.status = 'announced' AND c.scheme = ANY(%(schemes)s)
"""
_OBJECTION = f"""
    SELECT 'objection_answered:' || o.id AS event_key, {ABOUT},
           jsonb_build_object('business', {BUSINESS},
               'decided_on', to_char(o.decided_on, 'YYYY-MM-DD'),
               'result', CASE o.status WHEN 'upheld' THEN '成立' ELSE '不成立' END,
               'next', CASE o.status WHEN 'upheld' THEN '经办机构将按处理结果办理并另行告知。'
                                     ELSE '公示期满后继续拨付。' END) AS params
    FROM cases_objection o
    JOIN cases_announcementline l ON l.id = o.line_id
    JOIN cases_case c ON c.id = l.case_id
    WHERE o.id = %(objection)s AND o.status IN ('upheld', 'dismissed') AND c.scheme = ANY(%(schemes)s)
"""


def approved(ids: Iterable[int], *, at: datetime) -> int:
    """Tell those of the cases that are approved now; returns how many notices are new."""
    return tell("approved", _APPROVED, {"ids": sorted(set(ids))}, at=at)


def announced(announcement: int, *, at: datetime) -> int:
    """Tell everybody in a list that was just published."""
    return tell("announced", _ANNOUNCED, {"announcement": announcement}, at=at)


def objection_answered(objection: int, *, at: datetime) -> int:
    """Tell the unit that an objection to it was decided; by whom it came is not said."""
    return tell("objection_answered", _OBJECTION, {"objection": objection}, at=at)


def objector_answered(objection: Objection, number: str, *, at: datetime) -> int:
    """Tell whoever objected that the answer is written; it names nobody, and belongs to no case's page."""
    announcement, office = objection.line.announcement, objection.line.case.office
    event = notices.Event(
        event_key=f"objector_answered:{objection.pk}",
        subject=objector_key(objection.pk),
        name="异议提出人",
        office_id=office.pk,
        city_office_id=office.city_or_self_id,
        scheme=announcement.scheme,
        year=announcement.year,
        params={
            "announcement": announcement.number,
            "position": str(objection.line.position),
            "objection": str(objection.pk),
            "result": str(objection.get_status_display()),
            "number": number,
        },
    )
    return notices.post([event], template="objector_answered", at=at)


def tell(code: str, select: str, params: Mapping[str, Any], *, at: datetime) -> int:
    """Post the notices of a SELECT over cases `c` of `%(schemes)s`, one statement for all that use the same words."""
    said: dict[str, list[str]] = {}
    for scheme in Scheme.values:
        said.setdefault(templates.of_scheme(code, scheme), []).append(scheme)
    return sum(
        notices.post_select(template, select, {**params, "schemes": schemes}, at=at)
        for template, schemes in said.items()
    )
