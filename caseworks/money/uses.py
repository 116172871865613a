"""资金使用情况: who must report, handing a report in, looking at it, and what misuse becomes (N2.4, J2.0, J2.10).

Agencies must report on their own part, and of all others a sample whose share is a figure of the policy row; any other unit
may. The sample is drawn by digest: nobody can choose it, anybody can draw it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.files import EVIDENCE, Uploaded
from caseworks.base.money import ZERO
from caseworks.base.notices import posting
from caseworks.cases.enums import Scheme
from caseworks.cases.sources import Source
from caseworks.money import claims
from caseworks.money.claims import Claim
from caseworks.money.enums import PaymentStatus, RecoveryKind, RecoveryOrigin, UseCategory, UseStatus, UseWhy
from caseworks.money.models import Payment, UseLine, UseReport
from caseworks.people.actors import Actor
from caseworks.people.models import Office, Person
from caseworks.people.scope import scope_of

HANDED = (
    "handing", "received", "total", "status", "handed_at", "handed_by", "handed_label", "checked_at", "checked_by",
    "checked_label",
)  # fmt: skip
CHECKED = ("status", "opinion", "recovery", "checked_at", "checked_by", "checked_label")
MOST = 40  # lines of one report
# Who was paid and what of it is the unit's own: by the scheme's own SQL (`use_source` of its module).
_ASK = """
    INSERT INTO money_usereport (scheme, year, subject, name, office_id, city_office_id, why, status, received, total, handing,
                                 due_on, asked_at, asked_label, handed_label, checked_label, opinion)
    SELECT %(use_scheme)s, %(use_year)s, s.subject, s.name, s.office_id, s.city_office_id,
           CASE WHEN s.must THEN 'agency' ELSE 'sample' END, 'asked', s.received, 0, 0, %(use_due)s, %(use_at)s,
           %(use_label)s, '', '', ''
    FROM ({select}) s
    WHERE s.received > 0 AND (s.must OR ('x' || encode(substr(sha256(convert_to(
              'use:' || %(use_scheme)s || ':' || %(use_year)s || ':' || s.seed, 'UTF8')), 1, 4), 'hex'))::bit(32)::bigint
              < s.share * 4294967296) {within}
    ORDER BY s.subject
    ON CONFLICT (scheme, year, subject) DO NOTHING
"""
_TELL = """
    SELECT 'use_report:' || u.id AS event_key, u.scheme, u.year, u.subject, u.name, u.office_id, u.city_office_id,
           NULL::bigint AS case_id,
           jsonb_build_object('amount', to_char(u.received, 'FM999,999,999,990.00'), 'business', %(business)s::text,
                              'last_day', to_char(u.due_on, 'YYYY-MM-DD')) AS params
    FROM money_usereport u WHERE u.scheme = %(use_scheme)s AND u.year = %(use_year)s AND u.asked_at = %(use_at)s
"""


@dataclass(frozen=True, slots=True)
class Use:
    """One use as it is handed in."""

    category: UseCategory
    amount: Decimal
    on: date
    note: str = ""
    voucher: Uploaded | None = None


def reported() -> list[str]:
    """The schemes whose money is reported on: those that say who was paid what of it (`use_source`)."""
    modules = [import_module(path) for path in settings.SCHEMES]
    return [module.NAME for module in modules if hasattr(module, "use_source")]


def source(scheme: str, year: int) -> Source | None:
    """Who was paid of a scheme's year: subject, name, office_id, city_office_id, received, paid_on, must, share, seed."""
    for path in settings.SCHEMES:
        module = import_module(path)
        if scheme == module.NAME and hasattr(module, "use_source"):
            found: Source = module.use_source(year)
            return found
    return None


def latest_year(person: Person, on: date) -> int:
    """The latest policy year of which money that is reported on has been paid in the person's offices; else this year."""
    paid = Payment.objects.visible_to(person, on).filter(scheme__in=reported(), status=PaymentStatus.PAID)
    found = paid.order_by("-year").values_list("year", flat=True).first()
    return found or on.year


def ask(*, scheme: str, year: int, due_on: date, by: Actor, at: datetime, on: date) -> int:
    """Ask every agency and the sample of the person's offices for a report; who was asked is not asked again."""
    if due_on <= on:
        raise Refusal("提交期限应在今天之后，未作任何更改。")
    wanted = source(scheme, year)
    if wanted is None:
        raise Refusal(f"“{Scheme(scheme).label}”没有资金使用情况报告，未作任何更改。")
    within, limits = "", {}
    if by.person is not None:
        scope = scope_of(by.person, on, "use.ask")
        if scope.is_empty:
            raise Refusal("您没有通知报告的权限，未作任何更改。请由经办人员办理。")
        if not scope.province:
            within = (
                "AND (s.city_office_id = ANY(%(use_cities)s::bigint[]) OR s.office_id = ANY(%(use_offices)s::bigint[]))"
            )
            limits = {"use_cities": sorted(scope.cities), "use_offices": sorted(scope.offices)}
    values: dict[str, Any] = {
        **wanted.params, **limits, "use_scheme": scheme, "use_year": year, "use_due": due_on, "use_at": at,
        "use_label": by.label,
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ASK.format(select=wanted.select, within=within), values)
        asked = cursor.rowcount
        if asked:
            told = {**values, "business": str(Scheme(scheme).label)}
            posting.post_select("use_report_asked", _TELL, told, at=at)
    return int(asked)


def hand_in(
    *, scheme: str, year: int, subject: str, uses: Iterable[Use], by: Actor, at: datetime, on: date
) -> UseReport:
    """Hand a report in, for the unit or by it; the sum may not exceed what it received. A later one takes its place."""
    rows = list(uses)
    if not 0 < len(rows) <= MOST:
        raise Refusal(f"请填写 1 至 {MOST} 笔支出，没有提交。")
    received = received_of(scheme, year, subject)
    if received is None:
        raise Refusal(f"没有 {year} 年度的{Scheme(scheme).label}到账记录，没有提交。")
    name, office, city, amount, paid_on = received
    total = sum((row.amount for row in rows), ZERO)
    problems = [
        f"第 {n} 笔：支出日期 {row.on} 应在到账日 {paid_on} 与今天之间"
        for n, row in enumerate(rows, 1)
        if not paid_on <= row.on <= on
    ]
    problems += [f"第 {n} 笔：金额应大于 0" for n, row in enumerate(rows, 1) if row.amount <= ZERO]
    if total > amount:
        problems.append(f"合计 {total:,.2f} 元，超过收到的 {amount:,.2f} 元")
    if problems:
        raise Refusal("报告有误，没有提交：", problems)
    accepted = [files.accept(row.voucher, EVIDENCE) if row.voucher is not None else None for row in rows]
    try:
        with transaction.atomic():
            report = _report(scheme, year, subject, name, office, city, amount)
            if report.status not in (UseStatus.ASKED, UseStatus.SENT_BACK, UseStatus.HANDED_IN):
                raise Refusal(f"报告{report.get_status_display()}，不能再提交，未作任何更改。")
            report.handing += 1
            report.received, report.total, report.status = amount, total, UseStatus.HANDED_IN
            report.handed_at, report.handed_by, report.handed_label = at, by.person, by.label
            report.checked_at, report.checked_by, report.checked_label = None, None, ""
            report.save(update_fields=HANDED)
            UseLine.objects.bulk_create(
                UseLine(
                    report=report, handing=report.handing, position=n, category=row.category, amount=row.amount,
                    on=row.on, note=row.note[:200],
                    voucher=files.store(file, label=by.label, at=at) if file is not None else None,
                )
                for n, (row, file) in enumerate(zip(rows, accepted, strict=True), 1)
            )  # fmt: skip
    except IntegrityError as problem:
        if "usereport_no_more_than_received" in str(problem):
            raise Refusal(f"合计 {total:,.2f} 元，超过收到的 {amount:,.2f} 元，没有提交。") from problem
        raise
    return report


def enter(*, scheme: str, year: int, subject: str, uses: Iterable[Use], by: Actor, at: datetime, on: date) -> UseReport:
    """The same at the counter, by a clerk of the unit's office."""
    found = received_of(scheme, year, subject)
    if found is None or not by.may("use.report", Office.objects.get(pk=found[1])):
        raise Refusal("没有该单位的到账记录，或不在您的经办范围，没有提交。")
    return hand_in(scheme=scheme, year=year, subject=subject, uses=uses, by=by, at=at, on=on)


def check(report: UseReport, *, opinion: str, by: Actor, at: datetime) -> UseReport:
    """A clerk has looked at the vouchers and finds nothing wrong."""
    return _checked(report, UseStatus.CHECKED, opinion or "核对无误", by=by, at=at)


def send_back(report: UseReport, *, opinion: str, by: Actor, at: datetime) -> UseReport:
    """Something is missing: the unit mends it."""
    if not opinion.strip():
        raise Refusal("请写明须补正的内容，未作任何更改。")
    return _checked(report, UseStatus.SENT_BACK, opinion, by=by, at=at)


def find_misuse(
    report: UseReport, *, amount: Decimal, opinion: str, basis: str, by: Actor, at: datetime, on: date
) -> UseReport:
    """Used as it must not be: a finding, and the recovery that another person confirms."""
    if not opinion.strip() or not basis.strip():
        raise Refusal("请写明事实和依据，未作任何更改。")
    with transaction.atomic():
        claim = Claim(
            report.scheme,
            report.year,
            report.subject,
            RecoveryKind.MISUSE,
            RecoveryOrigin.USE_CHECK,
            amount,
            opinion,
            basis,
        )
        recovery = claims.propose(claim, by=by, at=at, on=on)
        return _checked(report, UseStatus.MISUSED, opinion, by=by, at=at, recovery=recovery)


def received_of(scheme: str, year: int, subject: str) -> tuple[str, int, int, Decimal, date] | None:
    """Name, office, city office, amount received of its own and first day, of one unit; None where nothing was paid."""
    wanted = source(scheme, year)
    if wanted is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.name, s.office_id, s.city_office_id, s.received, s.paid_on FROM ({wanted.select}) s"
            " WHERE s.subject = %(use_subject)s AND s.received > 0",
            {**wanted.params, "use_subject": subject},
        )
        row = cursor.fetchone()
    return tuple(row) if row else None


def _report(scheme: str, year: int, subject: str, name: str, office: int, city: int, amount: Decimal) -> UseReport:
    """The report under lock; a unit that was not asked makes one of its own accord."""
    UseReport.objects.bulk_create(
        [
            UseReport(
                scheme=scheme, year=year, subject=subject, name=name, office_id=office, city_office_id=city,
                why=UseWhy.VOLUNTARY, status=UseStatus.ASKED, received=amount,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return UseReport.objects.select_for_update().get(scheme=scheme, year=year, subject=subject)


def _checked(
    report: UseReport, status: UseStatus, opinion: str, *, by: Actor, at: datetime, recovery: Any = None
) -> UseReport:
    with transaction.atomic():
        taken = UseReport.objects.select_for_update(of=("self",)).select_related("office").get(pk=report.pk)
        if not by.may("use.check", taken.office):
            raise Refusal(f"您没有核对{taken.office}报告的权限，未作任何更改。")
        if taken.status != UseStatus.HANDED_IN:
            raise Refusal(f"报告{taken.get_status_display()}，未作任何更改。请刷新后查看。")
        if by.person is not None and taken.handed_by_id == by.person.pk:
            raise Refusal("报告由您代录，须由另一人核对，未作任何更改。")
        taken.status, taken.opinion, taken.recovery = status, opinion.strip()[:500], recovery
        taken.checked_at, taken.checked_by, taken.checked_label = at, by.person, by.label
        taken.save(update_fields=CHECKED)
    return taken
