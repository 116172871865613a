"""The measures of the kernel, the same for every scheme that has cases. (N7.2, J2.10, J4.3)"""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from caseworks.cases.enums import BarStatus, HoldKind, ObjectionStatus, Status
from caseworks.cases.lifecycle import UNFINISHED
from caseworks.money.enums import PaymentStatus, UseCategory, UseStatus
from caseworks.oversight.enums import UNSAID
from caseworks.oversight.measures import Measure, Place


def listed(name: str, place: Place, **more: str) -> str:
    """The address of one of our lists with its conditions."""
    return f"{reverse('admin:oversight_list', args=[name])}?{urlencode(place.query(scheme=place.scheme, **more))}"


def whatever(name: str, place: Place, **more: str) -> str:
    """The same of every scheme and year."""
    query = {key: value for key, value in place.query(**more).items() if key != "year"}
    return f"{reverse('admin:oversight_list', args=[name])}?{urlencode(query)}"


def _in(words: tuple[Status, ...]) -> str:
    return "({})".format(", ".join(f"'{word.value}'" for word in words))


_STATUS = """
    SELECT c.office_id, c.city_office_id, c.status, NULL::date, count(*), sum(c.amount)
    FROM cases_case c WHERE c.scheme = %(scheme)s AND c.year = %(year)s GROUP BY 1, 2, 3
"""
# A case has waited since the last line of its history.
_OPEN = f"""
    SELECT c.office_id, c.city_office_id, c.status, e.at::date, count(*), sum(c.amount)
    FROM cases_case c JOIN cases_event e ON e.case_id = c.id AND e.seq = c.seq
    WHERE c.scheme = %(scheme)s AND c.year = %(year)s AND c.status IN {_in(UNFINISHED)} GROUP BY 1, 2, 3, 4
"""
_RETURNS = """
    SELECT p.office_id, p.city_office_id, CASE WHEN p.reason = '' THEN %(unsaid)s ELSE p.reason END, NULL::date, count(*),
           sum(p.amount)
    FROM money_payment p WHERE p.scheme = %(scheme)s AND p.year = %(year)s AND p.status = 'returned' GROUP BY 1, 2, 3
"""
_RETURNS_OPEN = """
    SELECT p.office_id, p.city_office_id, 'open', p.returned_on, count(*), sum(p.amount)
    FROM money_payment p
    WHERE p.scheme = %(scheme)s AND p.year = %(year)s AND p.status = 'returned' AND p.resent_at IS NULL
    GROUP BY 1, 2, 4
"""
_PAID = """
    SELECT p.office_id, p.city_office_id, to_char(p.paid_on, 'YYYY-MM'), NULL::date, count(*), sum(p.amount)
    FROM money_payment p WHERE p.scheme = %(scheme)s AND p.year = %(year)s AND p.status = 'paid' GROUP BY 1, 2, 3
"""
_OBJECTIONS = """
    SELECT c.office_id, c.city_office_id, o.status, CASE WHEN o.status = 'open' THEN o.received_on END, count(*),
           sum(l.amount)
    FROM cases_objection o JOIN cases_announcementline l ON l.id = o.line_id JOIN cases_case c ON c.id = l.case_id
    WHERE c.scheme = %(scheme)s AND c.year = %(year)s GROUP BY 1, 2, 3, 4
"""
_HOLDS = """
    SELECT c.office_id, c.city_office_id, h.kind, h.since::date, count(*), sum(c.amount)
    FROM cases_hold h JOIN cases_case c ON c.id = h.case_id
    WHERE h.released_at IS NULL AND c.scheme = %(scheme)s AND c.year = %(year)s GROUP BY 1, 2, 3, 4
"""
# A bar is of the unit and waits for a supervisor whichever scheme and year is looked at. It has no office of its own: that of
# the unit counts, and the province's where the unit is in no file any more.
_BARS = """
    SELECT coalesce(u.office_id, %(root)s), coalesce(u.city_office_id, %(root)s), b.status,
           CASE WHEN b.status = 'proposed' THEN b.proposed_at::date END, count(*), 0
    FROM cases_bar b LEFT JOIN registry_unit u ON u.uscc = b.uscc GROUP BY 1, 2, 3, 4
"""
# What a report on the use of funds is about: the money found misused where some was, else what was received.
_USES = """
    SELECT u.office_id, u.city_office_id, u.status, NULL::date, count(*),
           sum(CASE WHEN u.status = 'misused' THEN r.amount ELSE u.received END)
    FROM money_usereport u LEFT JOIN money_recovery r ON r.id = u.recovery_id
    WHERE u.scheme = %(scheme)s AND u.year = %(year)s GROUP BY 1, 2, 3
"""
_USES_LATE = """
    SELECT u.office_id, u.city_office_id, 'late', NULL::date, count(*), sum(u.received)
    FROM money_usereport u
    WHERE u.scheme = %(scheme)s AND u.year = %(year)s AND u.status IN ('asked', 'sent_back') AND u.due_on < %(on)s
    GROUP BY 1, 2
"""
_SPENT = """
    SELECT u.office_id, u.city_office_id, l.category, NULL::date, count(DISTINCT u.id), sum(l.amount)
    FROM money_useline l JOIN money_usereport u ON u.id = l.report_id AND u.handing = l.handing
    WHERE u.scheme = %(scheme)s AND u.year = %(year)s GROUP BY 1, 2, 3
"""

MEASURES: tuple[Measure, ...] = (
    Measure(
        "status", "业务件状态", _STATUS, lambda key, place: listed("cases", place, status=key),
        words={status.value: str(status.label) for status in Status},
    ),
    Measure(
        "open", "未办结业务件", _OPEN, lambda key, place: listed("cases", place, status=key),
        words={status.value: str(status.label) for status in UNFINISHED},
    ),
    Measure(
        "returns", "银行退回", _RETURNS,
        lambda key, place: listed("payments", place, status=PaymentStatus.RETURNED.value, reason=key),
        params={"unsaid": UNSAID},
    ),
    Measure(
        "returns_open", "银行退回待处理", _RETURNS_OPEN,
        lambda key, place: listed("payments", place, status=PaymentStatus.RETURNED.value, mended="no"),
        words={"open": "银行退回待处理"},
    ),
    Measure(
        "paid", "按月到账", _PAID,
        lambda key, place: listed("payments", place, status=PaymentStatus.PAID.value, month=key),
    ),
    Measure(
        "objections", "公示异议", _OBJECTIONS, lambda key, place: listed("objections", place, status=key),
        words={status.value: str(status.label) for status in ObjectionStatus},
    ),
    Measure(
        "holds", "暂缓", _HOLDS, lambda key, place: listed("holds", place, kind=key),
        words={kind.value: str(kind.label) for kind in HoldKind},
    ),
    Measure(
        "bars", "取消资格", _BARS, lambda key, place: whatever("bars", place, status=key),
        words={status.value: str(status.label) for status in BarStatus},
    ),
    Measure(
        "uses", "资金使用情况报告", _USES, lambda key, place: listed("uses", place, status=key),
        words={status.value: str(status.label) for status in UseStatus},
    ),
    Measure(
        "uses_late", "资金使用情况报告逾期", _USES_LATE, lambda key, place: listed("uses", place, status=key),
        words={"late": "逾期未报告"},
    ),
    Measure(
        "spent", "资金用途", _SPENT, lambda key, place: listed("uses", place, used_for=key),
        words={category.value: str(category.label) for category in UseCategory},
    ),
)  # fmt: skip
BY_CODE: dict[str, Measure] = {measure.code: measure for measure in MEASURES}
