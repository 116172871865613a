"""Policy rows: drafted by one person, put in force by another, superseded, never edited (N2.7)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from django.db import IntegrityError, transaction
from django.db.models import Max

from caseworks.base.errors import Refusal
from caseworks.law import comparing, seeding
from caseworks.law.enums import PolicyStatus, Scheme
from caseworks.law.figures import BaseParameters, Figure, FigureErrors
from caseworks.law.models import Policy, PolicyFigure
from caseworks.law.schemes import parameters_of
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Office

BREACHES = {
    "policy_version_once": "同一业务、地区、年度的这个版本号已经有了。请刷新后重试。",
    "policy_one_in_force_from_a_day": "同一业务、地区、年度已有从同一天起施行的生效政策。请刷新后重试。",
    "policy_ends_after_it_starts": "受理止不能早于施行起。请改正日期。",
    "policy_four_eyes": "起草人不能自己生效。请由另一位主管办理。",
    "policy_frozen": "生效后的政策和参数不能再改。请复制为新版本的草稿。",
    "policyfigure_ratio_between_0_and_1": "比例应在 0 与 1 之间（30% 写作 0.3）。",
    "policyfigure_amount_not_negative": "金额不能为负数。",
    "policyfigure_whole_number": "天数、月数和数量应为 0 至 100000 的整数。",
    "policyfigure_once": "同一参数只能有一行。",
    "policyfigure_cites_a_clause": "每个参数都要写明依据条款。",
    "policyfigure_date": "日期应为 YYYY-MM-DD。",
}


def words_of(error: IntegrityError) -> str:
    """A breach of a constraint in a caseworker's words."""
    text = str(error)
    return next((words for name, words in BREACHES.items() if name in text), "数据库拒绝了这次更改。")


def parameters(policy: Policy) -> BaseParameters:
    """The typed figures of a row; Refusal with every problem where they do not make sense."""
    try:
        return parameters_of(policy.scheme).from_figures(policy.figures_dict())
    except FigureErrors as error:
        raise Refusal(
            f"“{policy}”的参数不完整或有误，不能使用：", [f"{p.name}：{p.message}" for p in error.problems]
        ) from None


def for_screening(scheme: str, year: int, region: str, as_of: datetime.date) -> Policy:
    """The row that counts: of the longest matching region, then the latest effective_from up to the as-of date.

    `effective_to` bounds applications, not screening (contract 2).
    """
    rows = [row for row in _started(scheme, year, as_of) if region.startswith(row.region)]
    if not rows:
        raise _missing(scheme, year, region, as_of)
    return max(rows, key=lambda row: (len(row.region), row.effective_from))


def within(scheme: str, year: int, region: str, as_of: datetime.date) -> dict[str, Policy]:
    """The rows that count inside a region, by their own region: that of the region itself and those of parts of it.

    A unit takes the row of its longest matching region; `row_for` finds it.
    """
    rows = {region: for_screening(scheme, year, region, as_of)}
    for row in sorted(_started(scheme, year, as_of), key=lambda row: row.effective_from):
        if row.region.startswith(region) and row.region != region:
            rows[row.region] = row
    return rows


def row_for(rows: Mapping[str, Policy], region: str) -> Policy:
    """The row of the longest of the given regions that the unit's region begins with."""
    return rows[max((prefix for prefix in rows if region.startswith(prefix)), key=len)]


def _started(scheme: str, year: int, as_of: datetime.date) -> list[Policy]:
    found = Policy.objects.in_force().of(scheme, year).filter(effective_from__lte=as_of)
    return list(found.prefetch_related("figures"))


def _missing(scheme: str, year: int, region: str, as_of: datetime.date) -> Refusal:
    label, place = Scheme(scheme).label, f"地区 {region} 或全国" if region else "全国"
    rows = [row for row in Policy.objects.of(scheme, year) if region.startswith(row.region)]
    details = [f"{row}：{row.get_status_display()}，{row.effective_from} 起施行" for row in rows]
    todo = "请主管核对草稿并由另一人生效。" if rows else "请主管在“管理－政策”中起草，并由另一人生效。"
    return Refusal(f"缺少生效的政策：{year} 年度{label}（{place}，{as_of} 或之前施行）。未作任何更改。{todo}", details)


# -- drafting


@transaction.atomic
def draft(
    *,
    scheme: str,
    region: str,
    year: int,
    title: str,
    documents: list[dict[str, str]],
    effective_from: datetime.date,
    effective_to: datetime.date | None,
    figures: Iterable[Figure],
    by: Actor,
    at: datetime.datetime,
    note: str = "",
    version: int | None = None,
    supersedes: Policy | None = None,
) -> Policy:
    """Write a draft with its figures; the figures must make the scheme's Parameters."""
    require(by, "policy.draft", region)
    figures = list(figures)
    problems = parameters_of(scheme).problems({f.name: f for f in figures})
    if problems:
        raise Refusal(f"“{title}”没有保存，参数有误：", [f"{p.name}：{p.message}" for p in problems])
    if effective_to is not None and effective_to < effective_from:
        raise Refusal(f"“{title}”没有保存：{BREACHES['policy_ends_after_it_starts']}")
    try:
        with transaction.atomic():
            policy = Policy.objects.create(
                scheme=scheme,
                region=region,
                year=year,
                version=version or next_version(scheme, region, year),
                title=title,
                documents=documents,
                effective_from=effective_from,
                effective_to=effective_to,
                note=note,
                supersedes=supersedes,
                drafted_by=by.person,
                drafted_label=by.label,
                drafted_at=at,
            )
            write_figures(policy, figures)
    except IntegrityError as error:
        raise Refusal(f"“{title}”没有保存：{words_of(error)}") from None
    return policy


def write_figures(policy: Policy, figures: Iterable[Figure]) -> None:
    PolicyFigure.objects.bulk_create(
        PolicyFigure(
            policy=policy,
            name=f.name,
            kind=f.kind,
            number=f.number,
            text=f.text,
            clause=f.clause,
            note=f.note,
            position=position,
        )
        for position, f in enumerate(figures)
    )


def next_version(scheme: str, region: str, year: int) -> int:
    found = Policy.objects.of(scheme, year).filter(region=region).aggregate(last=Max("version"))["last"]
    return (found or 0) + 1


def figures_after(source: Policy) -> list[Figure]:
    """The figures of a row for a draft after its pattern.

    A figure that the scheme has gained since the row was made comes from the seed file, and one that it has lost goes.
    """
    kept, known = source.figures_dict(), parameters_of(source.scheme).kinds()
    seeded = seeding.latest_figures(source.scheme)
    return [kept.get(name) or seeded[name] for name in known if name in kept or name in seeded]


def copy_as_draft(policy: Policy, *, by: Actor, at: datetime.datetime, year: int | None = None) -> Policy:
    """A new version, or the first one of another year, with the same figures, to be changed and put in force."""
    moved = (year or policy.year) - policy.year
    return draft(
        scheme=policy.scheme,
        region=policy.region,
        year=policy.year + moved,
        title=policy.title,
        documents=policy.documents,
        effective_from=_moved(policy.effective_from, moved),
        effective_to=_moved(policy.effective_to, moved) if policy.effective_to else None,
        note=policy.note,
        supersedes=policy,
        figures=figures_after(policy),
        by=by,
        at=at,
    )


def _moved(day: datetime.date, years: int) -> datetime.date:
    return day.replace(year=day.year + years, day=min(day.day, 28) if day.month == 2 else day.day)


def revise(policy: Policy, *, by: Actor, at: datetime.datetime) -> None:
    """Save a changed draft. Whoever last changed it is its drafter: who puts it in force has changed nothing."""
    require(by, "policy.draft", policy.region)
    policy.drafted_by, policy.drafted_label, policy.drafted_at = by.person, by.label, at
    policy.save()


# -- putting in force


@transaction.atomic
def put_in_force(
    policy: Policy, *, by: Actor, at: datetime.datetime, shown: str | None = None, training: bool = False
) -> Policy:
    """Put a draft in force by another person than its drafter; a row of the same first day is superseded.

    `shown` is the fingerprint of what the person saw; a draft that changed since is refused. `training` is for
    set-up on a training database only (contract 5), which the database itself checks.
    """
    policy = Policy.objects.select_for_update().get(pk=policy.pk)
    require(by, "policy.force", policy.region)
    if policy.status != PolicyStatus.DRAFT:
        raise Refusal(f"“{policy}”不是草稿（{policy.get_status_display()}），未作任何更改。请刷新后重试。")
    if shown is not None and shown != comparing.fingerprint(policy):
        raise Refusal(f"“{policy}”在您查看之后有改动，没有生效。请重新核对后再办理。")
    if not training:
        if by.person is None:
            raise Refusal(f"“{policy}”没有生效：生效须由主管本人在“管理－政策”中办理，不能由命令代办。")
        if policy.drafted_by_id == by.person.pk:
            raise Refusal(f"“{policy}”没有生效：{by.person} 是最后的起草人。请由另一位主管核对并生效。")
    parameters(policy)
    try:
        with transaction.atomic():
            same_day = Policy.objects.in_force().of(policy.scheme, policy.year)
            same_day.filter(region=policy.region, effective_from=policy.effective_from).update(
                status=PolicyStatus.SUPERSEDED, superseded_at=at
            )
            policy.status = PolicyStatus.IN_FORCE
            policy.in_force_by, policy.in_force_label, policy.in_force_at = by.person, by.label, at
            policy.training = training
            policy.save()
    except IntegrityError as error:
        raise Refusal(f"“{policy}”没有生效：{words_of(error)}") from None
    return policy


def may(by: Actor, permission: str, region: str) -> bool:
    """Does the person hold the permission at the office of the policy's region? (the nation's: the province's)"""
    if by.person is None:
        return by.may(permission)
    return by.may(permission, Office.objects.get(pk=offices.place(region).office_id))


def require(by: Actor, permission: str, region: str) -> None:
    """Refuse in words where the person may not."""
    if not may(by, permission, region):
        place = f"地区 {region} 的" if region else "全国"
        raise Refusal(f"{by.label} 不能办理{place}政策，未作任何更改。政策由管辖该地区的机构的主管起草和生效。")
