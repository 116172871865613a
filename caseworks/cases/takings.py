"""认领 and 交办: a case is taken by a person for a stage until a day, handed to a colleague, let go again. (N6.2)

A taking keeps others from passing a case by accident. It is no lock: it runs out after the working days of
settings.TAKEN_WORKING_DAYS, it ends when the case goes on, and `over=True` takes it over knowingly.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.cases.enums import Stage, Status
from caseworks.cases.history import NAMED
from caseworks.cases.models import Case, Review, Taking
from caseworks.cases.stages import PERMISSION_OF, STAGE_OF
from caseworks.law import calendars
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Office, Person

# SQL of a case `c`: is it in the hands of somebody else than %(person)s at %(at)s, for the stage at which it stands?
_STAGE = "CASE c.status {} END".format(
    " ".join(f"WHEN '{status}' THEN '{stage}'" for status, stage in STAGE_OF.items())
)
TAKEN_BY_OTHERS = f"""
    SELECT t.case_id, t.label, p.full_name, t.until FROM cases_taking t
    JOIN cases_case c ON c.id = t.case_id JOIN people_person p ON p.id = t.person_id
    WHERE t.case_id = ANY(%(ids)s) AND t.ended_at IS NULL AND t.until > %(at)s AND t.person_id <> %(person)s
      AND t.stage = {_STAGE}
    ORDER BY t.case_id
"""
_INSERT = """
    INSERT INTO cases_taking (case_id, stage, person_id, given_by_id, label, at, until, ended_because)
    SELECT c.id, %(stage)s, %(person)s, %(given_by)s, %(label)s, %(at)s, %(until)s, ''
    FROM cases_case c WHERE c.id = ANY(%(ids)s)
"""


def until(at: dt.datetime) -> dt.datetime:
    """When a taking of this moment runs out: at the end of the last of its working days."""
    day = calendars.current().add_working_days(timezone.localdate(at), settings.TAKEN_WORKING_DAYS).on
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))


def take(case_ids: Iterable[int], *, by: Actor, at: dt.datetime, over: bool = False) -> int:
    """Take cases for the stage at which they stand; `over` takes them over from colleagues. Returns how many."""
    return _give(case_ids, by.person, by=by, at=at, over=over)


def hand(case_ids: Iterable[int], *, to: Person, by: Actor, at: dt.datetime) -> int:
    """Give cases to a colleague who may pass them; from whoever has them now. Returns how many."""
    return _give(case_ids, to, by=by, at=at, over=True)


def let_go(case_ids: Iterable[int], *, by: Actor, at: dt.datetime) -> int:
    """Let the own cases go again; returns how many there were."""
    own = Taking.objects.filter(case__in=list(case_ids), person=by.person, ended_at__isnull=True)
    return own.update(ended_at=at, ended_because="放回")


def end(case_ids: Iterable[int], *, because: str, at: dt.datetime) -> int:
    """End the takings of cases that go on; joins the caller's transaction."""
    return Taking.objects.filter(case__in=list(case_ids), ended_at__isnull=True).update(
        ended_at=at, ended_because=because
    )


def by_others(case_ids: Iterable[int], person: Person, at: dt.datetime) -> dict[int, str]:
    """Those of the cases that a colleague has taken: case → the colleague's name."""
    with connection.cursor() as cursor:
        cursor.execute(TAKEN_BY_OTHERS, {"ids": sorted(set(case_ids)), "at": at, "person": person.pk})
        return {case: name for case, _, name, _ in cursor.fetchall()}


def refuse_others(case_ids: Iterable[int], person: Person, at: dt.datetime) -> None:
    """Refusal where a colleague has taken one of the cases."""
    names = by_others(case_ids, person, at)
    if not names:
        return
    cases = Case.objects.filter(pk__in=list(names)[:NAMED]).order_by("pk")
    named = [f"{case.name}（{names[case.pk]} 已认领）" for case in cases]
    raise Refusal(f"{len(names)} 件已由同事认领，未作任何更改。请由认领人办理，或打开后改由您办理：", named)


def colleagues(places: Collection[int], stage: str, on: dt.date) -> list[Person]:
    """Who may pass the cases of every one of some offices at a stage on a day, by name."""
    return offices.holders_of_all(places, PERMISSION_OF[Stage(stage)], on)


def _give(case_ids: Iterable[int], person: Person | None, *, by: Actor, at: dt.datetime, over: bool) -> int:
    ids = sorted(set(case_ids))
    if person is None or by.person is None:
        raise Refusal("认领须由具名的工作人员办理，未作任何更改。")
    if not ids:
        raise Refusal("没有选中任何业务件，未作任何更改。")
    try:
        with transaction.atomic():
            cases = list(
                Case.objects.select_for_update(of=("self",), no_key=True)
                .filter(pk__in=ids)
                .select_related("office")
                .order_by("pk")
            )
            if len(cases) != len(ids):
                raise Refusal(f"{len(ids) - len(cases)} 件不存在，未作任何更改。请刷新后重试。")
            stages = _stages(cases, by)
            for stage, part in stages.items():
                _check_receiver(stage, part, person, by, at)
            if not over:
                refuse_others(ids, person, at)
            standing = Taking.objects.filter(case__in=ids, ended_at__isnull=True)
            kept = set(standing.filter(person=person, until__gt=at).values_list("case", "stage"))
            for stage, part in stages.items():
                new = [case.pk for case in part if (case.pk, stage.value) not in kept]
                end(new, because="改由他人办理" if over else "到期", at=at)
                _insert(stage, new, person, by, at)
    except IntegrityError as problem:
        if "taking_one_a_case" in str(problem):
            raise Refusal("其中有业务件刚被同事认领，未作任何更改。请刷新后重试。") from problem
        raise
    return len(ids)


def _stages(cases: list[Case], by: Actor) -> dict[Stage, list[Case]]:
    """The cases by the stage at which they wait; the one who asks may work on each."""
    found: dict[Stage, list[Case]] = defaultdict(list)
    wrong = [case for case in cases if Status(case.status) not in STAGE_OF]
    if wrong:
        named = [f"{case.name}（{case.get_status_display()}）" for case in wrong[:NAMED]]
        raise Refusal(f"{len(wrong)} 件不在审核环节，未作任何更改。请刷新后重试：", named)
    for case in cases:
        found[STAGE_OF[Status(case.status)]].append(case)
    for stage, part in found.items():
        barred = sorted({case.office.name for case in part if not _may(by, stage, case.office)})
        if barred:
            raise Refusal(f"您没有办理{'、'.join(barred[:NAMED])}{stage.label}的权限，未作任何更改。")
    return found


def _may(by: Actor, stage: Stage, office: Office) -> bool:
    """Who may pass at the stage may take and hand over; so may who supervises the office."""
    return by.may(PERMISSION_OF[stage], office) or by.may("case.assign", office)


def _check_receiver(stage: Stage, cases: list[Case], person: Person, by: Actor, at: dt.datetime) -> None:
    receiver = Actor.of_person(person)
    who = "您" if by.person == person else person.full_name
    offices = {case.office for case in cases}
    barred = sorted(
        office.name for office in offices if not receiver.may(PERMISSION_OF[stage], office, timezone.localdate(at))
    )
    if barred:
        raise Refusal(f"{who}没有办理{'、'.join(barred[:NAMED])}{stage.label}的权限，未作任何更改。")
    signed = Review.objects.filter(case__in=cases, person=person, standing=True).values_list("case__name", flat=True)
    names = list(signed.order_by("case_id")[:NAMED])
    if names:
        raise Refusal(f"{who}已在前面的环节签署 {'、'.join(names)}，不能再办理{stage.label}，未作任何更改。")


def _insert(stage: Stage, ids: list[int], person: Person, by: Actor, at: dt.datetime) -> None:
    given_by = by.person.pk if by.person and by.person != person else None
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "ids": ids, "stage": stage.value, "person": person.pk, "given_by": given_by, "label": by.label,
                "at": at, "until": until(at),
            },
        )  # fmt: skip
