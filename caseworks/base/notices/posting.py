"""Posting: a notice a channel for every row of a SELECT, in the transaction of the event itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from caseworks.base.notices import templates

# An amount as notices say it, in SQL: MONEY.format("c.amount").
MONEY = "to_char({}, 'FM999,999,999,999,990.00')"
_POST = """
    INSERT INTO base_notice
        (event_key, channel, template, version_id, scheme, year, subject, name, office_id, city_office_id, case_id,
         params, created_at, status, next_at, sent_at, problem, reason, attempts, sent_to, gateway_id, read_label,
         resends, resent_because, resent_label)
    SELECT s.event_key, c.channel, %(notice_template)s, %(notice_version)s, s.scheme, s.year, s.subject, s.name,
           s.office_id, s.city_office_id, s.case_id, s.params, %(notice_at)s,
           CASE c.channel WHEN 'portal' THEN 'sent' ELSE 'waiting' END,
           CASE c.channel WHEN 'portal' THEN NULL ELSE %(notice_at)s::timestamptz END,
           CASE c.channel WHEN 'portal' THEN %(notice_at)s::timestamptz END,
           '', '', 0, '', '', '', 0, '', ''
    FROM ({select}) s JOIN unnest(%(notice_channels)s::text[]) AS c(channel)
      ON c.channel <> 'portal' OR length(s.subject) = 18  -- a person has no portal
    ON CONFLICT (event_key, channel) DO NOTHING
"""
_ROWS = """
    SELECT event_key, scheme, year, subject, name, office_id, city_office_id, case_id, params
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS w(
        event_key text, scheme text, year int, subject text, name text, office_id bigint, city_office_id bigint,
        case_id bigint, params jsonb)
"""


@dataclass(frozen=True)
class Event:
    """What happened to whom: the key names it once and for ever, `params` are the values of the template."""

    event_key: str
    subject: str
    name: str
    office_id: int
    city_office_id: int
    scheme: str = ""
    year: int | None = None
    case_id: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)


def post_select(
    template: str, select: str, params: Mapping[str, Any], *, at: datetime, channels: Iterable[str] | None = None
) -> int:
    """Post a notice for every row of a SELECT and every channel of the template; returns how many are new.

    `select` has named parameters and gives event_key, scheme, year, subject, name, office_id, city_office_id, case_id
    and params (jsonb of texts). The names notice_* are taken.
    """
    version = templates.current(template, at=at)
    wanted = [channel for channel in version.channels if channels is None or channel in set(channels)]
    values = {
        **params,
        "notice_template": template,
        "notice_version": version.pk,
        "notice_at": at,
        "notice_channels": wanted,
    }
    with connection.cursor() as cursor:
        cursor.execute(_POST.format(select=select), values)
        return int(cursor.rowcount)


def post(events: Iterable[Event], *, template: str, at: datetime, channels: Iterable[str] | None = None) -> int:
    """Post a notice for every event and channel; returns how many are new."""
    rows = json.dumps([{**asdict(event), "params": dict(event.params)} for event in events], ensure_ascii=False)
    return post_select(template, _ROWS, {"rows": rows}, at=at, channels=channels)
