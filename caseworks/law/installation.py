"""What `setup` does: offices, calendar, policy rows, training staff. Again is as good as once."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.db import connection, transaction

from caseworks.base.enums import Role
from caseworks.base.notices import templates
from caseworks.law import calendars, policies, seeding, training
from caseworks.law.models import CalendarYear, Policy, TrainingMark
from caseworks.people import appointments, offices, staff
from caseworks.people.actors import Actor
from caseworks.people.models import Appointment, Person

LOCK = 5_014_201  # of two set-ups at once, one waits
# Training staff carry cases of any past policy year, so they have been in office since before the first one.
TRAINING_SINCE = datetime.date(2019, 1, 1)
TRAINING_STAFF = {
    "training-clerk": Role.CLERK,
    "training-reviewer": Role.REVIEWER,
    "training-approver": Role.APPROVER,
    "training-cashier": Role.CASHIER,
    "training-supervisor": Role.SUPERVISOR,
    "training-auditor": Role.AUDITOR,
    "training-administrator": Role.ADMINISTRATOR,
}


@transaction.atomic
def install(
    *,
    administrator: str = "",
    wants_training: bool = False,
    training_password: str = "",
    by: Actor,
    at: datetime.datetime,
    on: datetime.date,
) -> list[str]:
    """Do it all or nothing; what was done, one line a thing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    lines: list[str] = []
    if wants_training and training.mark(by=by, at=at):
        lines.append("训练库：已标记（此后 CASEWORKS_TRAINING 须一直设置）")
    elif not wants_training and TrainingMark.objects.exists():
        lines.append("训练库：库中有训练标记，但没有设置 CASEWORKS_TRAINING，按正式库处理")
    lines.append(f"机构：新建 {offices.load_seed(by)} 个")
    lines.extend(load_calendar(by=by, at=at, on=on))
    lines.extend(load_policies(by=by, at=at))
    lines.append(f"通知模板：新建 {templates.install(at=at)} 个")
    if administrator:
        lines.append(make_administrator(administrator, by=by, at=at, on=on))
    if training.is_training():
        lines.extend(make_training_staff(training_password, by=by, at=at))
    return lines


def load_calendar(*, by: Actor, at: datetime.datetime, on: datetime.date) -> Iterator[str]:
    """The years that are not there yet; what a supervisor changed stays."""
    known = set(CalendarYear.objects.values_list("year", flat=True))
    new = [year for year in seeding.calendar_years() if year.year not in known]
    for year in new:
        calendars.load_year(year.year, year.days, document=year.document, note=year.note, by=by, at=at, on=on)
    span = f"（{new[0].year}–{new[-1].year}）" if new else ""
    yield f"日历：新录入 {len(new)} 年{span}"


def load_policies(*, by: Actor, at: datetime.datetime) -> Iterator[str]:
    """The rows that are not there yet: drafts for two people, or in force at once on a training database."""
    known = set(Policy.objects.values_list("scheme", "region", "year", "version"))
    forced, drafts = 0, 0
    for seed in seeding.all_policies():
        if (seed.scheme, seed.region, seed.year, seed.version) in known:
            continue
        policy = policies.draft(
            scheme=seed.scheme,
            region=seed.region,
            year=seed.year,
            version=seed.version,
            title=seed.title,
            documents=seed.documents,
            effective_from=seed.effective_from,
            effective_to=seed.effective_to,
            note=seed.note,
            figures=seed.figures,
            by=by,
            at=at,
        )
        if training.is_training() and not seed.draft:
            policies.put_in_force(policy, by=by, at=at, training=True)
            forced += 1
        else:
            drafts += 1
    yield f"政策：新建 {forced + drafts} 条，其中生效 {forced} 条、草稿 {drafts} 条" + (
        "（草稿须由主管核对后另一人生效）" if drafts else ""
    )


def make_administrator(username: str, *, by: Actor, at: datetime.datetime, on: datetime.date) -> str:
    """The first administrator; the one-time password is in the line and nowhere else."""
    held = Appointment.objects.running(on).filter(role=Role.ADMINISTRATOR, person__username__iexact=username)
    if held.exists():
        return f"系统管理员：{username} 已在任，未作更改"
    _person, password = staff.make_administrator(username, by=by, at=at, on=on)
    return f"系统管理员：{username}，一次性密码 {password}（首次登录须修改）"


def make_training_staff(password: str, *, by: Actor, at: datetime.datetime) -> Iterator[str]:
    """One person a role at the province's office; without a password nobody can sign in as them."""
    office, made = offices.root(), []
    known = {person.username: person for person in Person.objects.filter(username__in=TRAINING_STAFF)}
    for username, role in TRAINING_STAFF.items():
        person = known.get(username)
        if person is None:
            person = staff.create(
                username,
                full_name=f"训练{role.label}",
                office=office,
                password=password or None,
                must_change=False,
                by=by,
                at=at,
            )
            appointments.appoint(person, office=office, role=role, since=TRAINING_SINCE, by=by, at=at)
            made.append(username)
        elif password and not person.check_password(password):
            staff.change_own_password(person, password, at=at)
    yield f"训练人员：新建 {len(made)} 人" + (f"（{'、'.join(made)}）" if made else "")
    if not password:
        yield "训练人员：没有设置 CASEWORKS_TRAINING_PASSWORD，新建的人员不能登录"
