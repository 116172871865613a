"""What waits for a person: the lists of the registry and of every scheme, counted in one query."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Value
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from redis.exceptions import RedisError

from caseworks.base.models import RunState
from caseworks.base.panels import Waiting, scheme_functions
from caseworks.cases import queues, sources
from caseworks.cases.enums import AnnouncementStatus, ObjectionStatus, Scheme, Stage, Status
from caseworks.cases.models import Announcement, Case, Objection, SecondLook
from caseworks.cases.stages import PERMISSION_OF
from caseworks.money.enums import GOING, BatchStatus, PaymentStatus, RecoveryStatus, RepaymentStatus
from caseworks.money.models import Batch, Payment, Recovery, Repayment
from caseworks.people.models import Person
from caseworks.people.scope import scope_of
from caseworks.registry.access import of_visible_units
from caseworks.registry.enums import RetirementStatus
from caseworks.registry.models import Account, ImportFile, RejectedRow, Retirement

LIMIT = 1000  # nobody counts further than this beside a menu entry
KEPT = 30  # seconds a person's counts may be old


@dataclass(frozen=True)
class Todo:
    """One line of the workbench: how much waits, and where it is done."""

    key: str
    label: str
    hint: str
    count: int
    url: str
    url_name: str
    tone: str

    @property
    def count_text(self) -> str:
        """The count as it is shown."""
        return str(self.count) if self.count < LIMIT else f"{LIMIT - 1}+"


def registry_lines(person: Person, on: dt.date) -> list[Waiting]:
    """What the imports left for people: changed accounts, voided records, failed files, rejected rows."""
    ended_badly = [RunState.REFUSED, RunState.FAILED, RunState.INTERRUPTED]
    own = ImportFile.objects.filter(person=person)
    return [
        Waiting(
            "accounts",
            "账户变更待确认",
            "registry.confirm",
            "registry:account_proposals",
            of_visible_units(Account.objects.waiting().exclude(proposed_by=person), person, on),
            hint="导入的新账户须由另一人确认后才用于支付",
        ),
        Waiting(
            "retirements",
            "上游已作废的记录待确认",
            "registry.confirm",
            "registry:retirements",
            of_visible_units(
                Retirement.objects.filter(status=RetirementStatus.PROPOSED).exclude(proposed_by=person), person, on
            ),
            hint="替换导入中不再出现的记录，确认后作废",
            tone="amber",
        ),
        Waiting(
            "failed_imports",
            "我的导入未完成",
            "registry.import",
            "registry:import_list",
            own.filter(run__state__in=ended_badly, created_at__date__gte=on - dt.timedelta(days=14)),
            query="state=failed",
            hint="近 14 天内出错、中断或被拒绝的文件",
            tone="red",
        ),
        Waiting(
            "rejected_rows",
            "未改正的错误行",
            "registry.import",
            "registry:import_list",
            RejectedRow.objects.standing().filter(import_file__person=person),
            query="rejected=1",
            hint="下载错误清单，改正后重新上传",
            tone="amber",
        ),
    ]


def case_lines(person: Person, on: dt.date) -> list[Waiting]:
    """What waits for a signature of this person, of the newest year of each scheme that has cases."""
    found = []
    newest = _newest_years()
    for scheme, label in sources.with_cases():
        year = newest.get(scheme)
        found += [
            Waiting(
                f"review_{scheme}_{stage.value}",
                f"{label}待{stage.label}",
                PERMISSION_OF[stage],
                "cases:review_list",
                queues.due(queues.waiting(stage, scheme=scheme, year=year), stage, person, on, timezone.now()),
                query=f"scheme={scheme}&stage={stage.value}&year={year}",
                hint="有提示和抽查的逐件办理，其余可批量通过",
            )
            for stage in Stage
            if year is not None and person.has_perm(PERMISSION_OF[stage])
        ]
    return found


def announcement_lines(person: Person, on: dt.date) -> list[Waiting]:
    """Lists that another person drew up, and objections that nobody has decided."""
    drawn = Announcement.objects.visible_to(person, on).filter(status=AnnouncementStatus.DRAWN)
    objections = Objection.objects.visible_to(person, on).filter(status=ObjectionStatus.OPEN)
    return [
        Waiting(
            "announcement_publish", "公示待发布", "announcement.publish", "announcements:announcement_list",
            drawn.exclude(drawn_by=person), hint="须由拟制人以外的人核对后发布",
        ),
        Waiting(
            "objections", "公示异议待处理", "objection.decide", "announcements:objection_list", objections,
            query="status=open", hint="由未参与审核的人员处理", tone="amber",
        ),
        Waiting(
            "second_looks", "复核申请待答复", "second_look.decide", "announcements:second_look_list",
            SecondLook.objects.visible_to(person, on).waiting().exclude(received_by=person),
            query="status=open", hint="由未参与核算和登记的人员复核", tone="amber",
        ),
    ]  # fmt: skip


def money_lines(person: Person, on: dt.date) -> list[Waiting]:
    """What waits for the person's hand in the payment."""
    drawn = Batch.objects.visible_to(person, on).filter(status=BatchStatus.DRAWN).exclude(drawn_by=person)
    released = Batch.objects.visible_to(person, on).filter(status__in=GOING)
    cleared = scope_of(person, on, "payment.make").limit(Case.objects.filter(status=Status.CLEARED))
    returned = Payment.objects.visible_to(person, on).filter(status=PaymentStatus.RETURNED, resent_at__isnull=True)
    return [
        Waiting("batch_new", "待组批", "payment.make", "money:batch_new", cleared, hint="公示期满，可以拨付"),
        Waiting(
            "batch_release", "批次待放行", "payment.release", "money:batch_list", drawn,
            query="status=drawn", hint="须由制单人以外的人放行",
        ),
        Waiting("batch_send", "批次待送银行", "payment.make", "money:batch_list", released, query="status=going"),
        Waiting(
            "payment_returned", "银行退回待处理", "payment.keep", "money:returned_list", returned,
            hint="更正账户并经另一人确认后再付", tone="amber",
        ),
    ]  # fmt: skip


def recovery_lines(person: Person, on: dt.date) -> list[Waiting]:
    """Recoveries that wait for another person, for a paper, or beyond their term; repayments to be confirmed."""
    rows = Recovery.objects.visible_to(person, on)
    entered = Repayment.objects.filter(status=RepaymentStatus.ENTERED).exclude(entered_by=person)
    return [
        Waiting(
            "recovery_confirm", "追回待确认", "recovery.confirm", "money:recovery_list",
            rows.filter(status=RecoveryStatus.PROPOSED).exclude(found_by=person),
            query="state=proposed", hint="须由提出人以外的人确认", tone="amber",
        ),
        Waiting(
            "recovery_notice", "待责令退回", "recovery.notice", "money:recovery_list",
            rows.filter(status=RecoveryStatus.OPEN, due_on__isnull=True), query="state=open",
            hint="出具通知书并登记送达",
        ),
        Waiting(
            "recovery_overdue", "追回已逾期", "recovery.notice", "money:recovery_list", rows.overdue(on),
            query="state=overdue", hint="催告，仍不退还的移交", tone="red",
        ),
        Waiting(
            "repayment_decide", "退还待确认", "repayment.confirm", "money:repayment_list",
            scope_of(person, on).limit(entered, "recovery__"), query="status=entered", hint="须由登记人以外的人确认",
        ),
    ]  # fmt: skip


def todos(person: Person, on: dt.date) -> list[Todo]:
    """Everything that may wait for the person, also where nothing does; counts are fresh and are kept for the menu."""
    declared = [
        line
        for source in (
            registry_lines,
            case_lines,
            announcement_lines,
            money_lines,
            recovery_lines,
            *scheme_functions("waiting"),
        )
        for line in source(person, on)
        if person.has_perm(line.permission)
    ]
    counts = _counts(declared)
    found = [
        Todo(line.key, line.label, line.hint, count, url, line.url_name, line.tone)
        for line, count in zip(declared, counts, strict=True)
        if (url := _address(line))
    ]
    _keep(person, {todo.key: (todo.url_name, todo.count) for todo in found})
    return found


def menu_counts(person: Person, on: dt.date, *, fresh: bool) -> dict[str, int]:
    """Waiting work by the name of the list that shows it, at most half a minute old."""
    kept = None if fresh else _kept(person)
    if kept is None:
        kept = {todo.key: (todo.url_name, todo.count) for todo in todos(person, on)}
    sums: dict[str, int] = {}
    for url_name, count in kept.values():
        sums[url_name] = sums.get(url_name, 0) + count
    return sums


def _counts(lines: Iterable[Waiting]) -> list[int]:
    parts: list[str] = []
    params: list[Any] = []
    for line in lines:
        rows = line.rows.order_by().annotate(one=Value(1)).values("one")[:LIMIT]
        sql, given = rows.query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS rows)")
        params.extend(given)
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), params)
        return list(cursor.fetchone() or ())


def _address(line: Waiting) -> str:
    try:
        return reverse(line.url_name) + (f"?{line.query}" if line.query else "")
    except NoReverseMatch:
        return ""


def _key(person: Person) -> str:
    return f"waiting:{person.pk}"


def _keep(person: Person, counts: dict[str, tuple[str, int]]) -> None:
    try:
        cache.set(_key(person), counts, KEPT)
    except RedisError:  # the counts beside the menu are a courtesy: without the cache they are counted again
        return


def _kept(person: Person) -> dict[str, tuple[str, int]] | None:
    try:
        return cache.get(_key(person))
    except RedisError:
        return None


def _newest_years() -> dict[str, int]:
    """The newest year of each scheme that has cases: one query, a step down an index a scheme."""
    rows = [
        Case.objects.filter(scheme=scheme).order_by("-year").values_list("scheme", "year")[:1]
        for scheme in Scheme.values
    ]
    return dict(rows[0].union(*rows[1:], all=True))
