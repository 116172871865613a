"""Recording that an announcement was published on the bureau's own site as well: address, time, a picture of it. (N6.2)"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from caseworks.base.errors import Refusal
from caseworks.base.files import Accepted, store
from caseworks.cases.enums import AnnouncementStatus
from caseworks.cases.models import Announcement, AnnouncementPosting
from caseworks.people.actors import Actor


def record(
    announcement: Announcement,
    *,
    url: str,
    posted_at: dt.datetime,
    screenshot: Accepted,
    by: Actor,
    at: dt.datetime,
    note: str = "",
) -> AnnouncementPosting:
    """Record a publication elsewhere; what is recorded stays, another one is added beside it."""
    row = Announcement.objects.select_related("office").get(pk=announcement.pk)
    if row.status != AnnouncementStatus.PUBLISHED:
        raise Refusal(f"该公示{row.get_status_display()}，没有可以登记的发布。未作登记。")
    if not by.may("announcement.publish", row.office):
        raise Refusal(f"您没有为{row.office}发布公示的权限，未作登记。请由有权限的人员办理。")
    if posted_at > at:
        raise Refusal("网站发布时间不能晚于现在，未作登记。请改正。")
    with transaction.atomic():
        return AnnouncementPosting.objects.create(
            announcement=row,
            url=url,
            posted_at=posted_at,
            screenshot=store(screenshot, label=by.label, at=at),
            note=note.strip()[:200],
            made_by_label=by.label,
            made_at=at,
        )
