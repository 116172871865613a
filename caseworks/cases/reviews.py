"""Reviewing: first review, second review, approval and, above the amount band, a further one, by others each (N6.2).

Each pass writes a signature a case, tied to the fingerprint of what was signed, and takes the step of the table in the
same transaction. Flagged cases are passed one by one, each flag cleared in words; sampled ones must be opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.files import Accepted
from caseworks.cases import history, takings, telling
from caseworks.cases.enums import Decision, SendBackReason, Stage, Status
from caseworks.cases.history import NAMED, Shown
from caseworks.cases.models import Case, CaseFile, CaseNote, Examination, FlagClearing, Review
from caseworks.cases.openings import open_eligible, rejudge, unopened
from caseworks.cases.sampling import Marked, marked
from caseworks.cases.stages import BEFORE, PERMISSION_OF, SENT_BACK_AT, STAGE_OF, STATUS_OF, STEP_OF
from caseworks.people.actors import Actor
from caseworks.people.models import Person

__all__ = [
    "PERMISSION_OF", "STAGE_OF", "STATUS_OF", "add_note", "attach", "clear_flag", "examine", "exceptions", "open_eligible",
    "pass_on", "rejudge", "send_back", "unopened",
]  # fmt: skip

_LOCKED = """
    SELECT c.id, c.amount, coalesce(s.further, false) FROM cases_case c
    LEFT JOIN cases_reviewsheet s ON s.case_id = c.id
    WHERE c.id = ANY(%s) ORDER BY c.id FOR NO KEY UPDATE OF c
"""
_SIGNED_ALREADY = """
    SELECT c.name FROM cases_review r JOIN cases_case c ON c.id = r.case_id
    WHERE r.case_id = ANY(%s) AND r.standing AND r.person_id = %s ORDER BY c.id
"""
_UNSIGNED = """
    SELECT c.name FROM cases_case c
    WHERE c.id = ANY(%s) AND %s <> (
        SELECT count(*) FROM cases_review r
        WHERE r.case_id = c.id AND r.standing AND r.stage = ANY(%s) AND r.fingerprint = c.fingerprint)
    ORDER BY c.id
"""
_SIGN = """
    INSERT INTO cases_review (case_id, stage, decision, person_id, actor, reasons, opinion, fingerprint, amount, bulk,
                              standing, at)
    SELECT c.id, %(stage)s, %(decision)s, %(person)s, %(actor)s, %(reasons)s::text[], %(opinion)s, c.fingerprint,
           c.amount, %(bulk)s, %(standing)s, %(at)s
    FROM cases_case c WHERE c.id = ANY(%(ids)s)
"""


def exceptions(
    stage: str, ids: Iterable[int], person: Person | None = None, at: datetime | None = None
) -> list[Marked]:
    """Those of the cases that cannot be passed in bulk by this person, the gravest first.

    With a moment also those that a colleague has taken.
    """
    return [row for row in marked(stage, sorted(set(ids)), person.pk if person else None, at) if row.singly]


def pass_on(
    *,
    stage: str,
    case_ids: Iterable[int],
    opinion: str,
    by: Actor,
    at: datetime,
    shown: Shown | None = None,
    over: bool = False,
) -> int:
    """Pass these cases at a stage, all or none; returns how many. `over`: also what a colleague has taken."""
    stage, ids, person = Stage(stage), sorted(set(case_ids)), _named(by)
    try:
        with transaction.atomic():
            rows = _locked(ids)
            history.as_shown(shown, len(rows), sum((amount for _, amount, _ in rows), Decimal(0)))
            if not over:
                takings.refuse_others(ids, person, at)
            _refuse_exceptions(stage, ids, person)
            _refuse_second_signatures(ids, person)
            for step, part in _steps(stage, rows):
                history.take(step, part, by=by, at=at, note=opinion, data={"stage": stage.value})
            _refuse_unsigned(stage, ids)
            _sign(stage, ids, Decision.PASSED, by=by, at=at, opinion=opinion)
            if stage in (Stage.APPROVAL, Stage.FURTHER):
                telling.approved(ids, at=at)
            takings.end(ids, because="已办理", at=at)
    except IntegrityError as problem:
        raise _in_words(problem) from problem
    return len(ids)


def send_back(*, case_ids: Iterable[int], reasons: Iterable[str], opinion: str, by: Actor, at: datetime) -> int:
    """Send cases back to their first review, with coded reasons and words; earlier signatures stand no longer."""
    ids, codes, words = sorted(set(case_ids)), sorted(set(reasons)), opinion.strip()
    _named(by)
    if not codes or not set(codes) <= set(SendBackReason.values):
        raise Refusal("请选择退回原因，未作任何更改。")
    if not words:
        raise Refusal("“退回初审”须写明理由，未作任何更改。请填写后重试。")
    with transaction.atomic():
        _locked(ids)
        stages: dict[Stage, list[int]] = {}
        for pk, status in Case.objects.filter(pk__in=ids).values_list("pk", "status"):
            stages.setdefault(SENT_BACK_AT.get(Status(status), Stage.FIRST), []).append(pk)
        history.take("send_back", ids, by=by, at=at, note=words, data={"reasons": codes})
        Review.objects.filter(case__in=ids, standing=True).update(standing=False)
        takings.end(ids, because="已退回", at=at)
        for stage, part in stages.items():
            _sign(stage, part, Decision.SENT_BACK, by=by, at=at, opinion=words, reasons=codes)
    return len(ids)


def clear_flag(case_id: int, flag: str, words: str, by: Actor, at: datetime) -> FlagClearing:
    """The first reviewer says what was found about a flag (contract, 2); said once for what is judged now."""
    person, words = _named(by), words.strip()
    if not words:
        raise Refusal("请写明核实情况，未作任何更改。")
    with transaction.atomic():
        case = _one(case_id, "case.review", by)
        if case.status != Status.OPENED:
            raise Refusal(f"{case.name}不在待初审状态（{case.get_status_display()}），未作任何更改。请刷新后重试。")
        if not hasattr(case, "sheet") or flag not in case.sheet.flags:
            raise Refusal(f"{case.name}没有这项提示，未作任何更改。请刷新后重试。")
        found = FlagClearing(
            case=case, flag=flag, words=words, fingerprint=case.fingerprint, person=person, actor=by.label, at=at
        )
        try:
            with transaction.atomic():
                found.save()
        except IntegrityError as problem:
            raise Refusal("该提示已有人核实，未作任何更改。请刷新后查看。") from problem
    return found


def examine(case_id: int, by: Actor, at: datetime) -> None:
    """Record that the person opened a sampled case; doing it again changes nothing."""
    person = _named(by)
    with transaction.atomic():
        case = _one(case_id, "case.note", by)
        Examination.objects.get_or_create(
            case=case, person=person, fingerprint=bytes(case.fingerprint), defaults={"at": at}
        )


def add_note(case_id: int, text: str, *, by: Actor, at: datetime) -> CaseNote:
    """Write a note beside a case; it decides nothing."""
    if not text.strip():
        raise Refusal("备注不能为空，没有保存。")
    with transaction.atomic():
        case = _one(case_id, "case.note", by)
        return CaseNote.objects.create(case=case, text=text.strip(), person=_named(by), actor=by.label, at=at)


def attach(case_id: int, accepted: Accepted, *, words: str, by: Actor, at: datetime) -> CaseFile:
    """Put a file beside a case, with what it is; it stays."""
    words = words.strip()
    if not words:
        raise Refusal("请写明附件说明，没有保存。")
    with transaction.atomic():
        case = _one(case_id, "case.note", by)
        if case.files.filter(stored__sha256=accepted.sha256).exists():
            raise Refusal(f"“{accepted.name}”已在附件中，没有重复保存。")
        stored = files.store(accepted, label=by.label, at=at)
        return CaseFile.objects.create(
            case=case, stored=stored, words=words[:200], person=_named(by), actor=by.label, at=at
        )


# -- pieces


def _named(by: Actor) -> Person:
    if by.person is None:
        raise Refusal("审核须由具名的工作人员办理，未作任何更改。")
    return by.person


def _one(case_id: int, permission: str, by: Actor) -> Case:
    found = Case.objects.select_for_update(of=("self",)).select_related("office", "sheet").filter(pk=case_id).first()
    if found is None or not by.may("case.view", found.office):
        raise Refusal("业务件不存在，未作任何更改。请刷新后重试。")
    if not by.may(permission, found.office):
        raise Refusal(f"您没有办理{found.office.name}业务件的这项权限，未作任何更改。")
    return found


def _locked(ids: list[int]) -> list[tuple[int, Decimal, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, [ids])
        return list(cursor.fetchall())


def _steps(stage: Stage, rows: list[tuple[int, Decimal, bool]]) -> list[tuple[str, list[int]]]:
    """The step that each case takes: an approval above the amount band waits for a further approver."""
    if stage != Stage.APPROVAL:
        return [(STEP_OF[stage], [pk for pk, _, _ in rows])]
    parts = [("approve", [pk for pk, _, more in rows if not more]), ("endorse", [pk for pk, _, more in rows if more])]
    return [(step, part) for step, part in parts if part] or [("approve", [])]


def _refuse_exceptions(stage: Stage, ids: list[int], person: Person) -> None:
    found = marked(stage, ids, person.pk)
    single = len(ids) == 1
    wrong = [row for row in found if row.missing() or (row.by_itself and not single)]
    if wrong:
        named = [f"{row.name}（{row.missing() or f'{row.by_itself}，须逐件办理'}）" for row in wrong[:NAMED]]
        raise Refusal(f"{len(wrong)} 件不能{'这样' if single else '批量'}通过，未作任何更改。请逐件打开办理：", named)


def _refuse_second_signatures(ids: list[int], person: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SIGNED_ALREADY, [ids, person.pk])
        _refuse_named([name for (name,) in cursor.fetchall()], "件您已在前面的环节签署，须由另一人办理，未作任何更改")


def _refuse_unsigned(stage: Stage, ids: list[int]) -> None:
    """What the earlier stages signed is what is signed now."""
    before = BEFORE[stage]
    with connection.cursor() as cursor:
        cursor.execute(_UNSIGNED, [ids, len(before), before])
        _refuse_named([name for (name,) in cursor.fetchall()], "件缺少前面环节对现有内容的签署，未作任何更改")


def _refuse_named(names: list[str], words: str) -> None:
    if names:
        more = " 等" if len(names) > NAMED else ""
        raise Refusal(f"{len(names)} {words}：{'、'.join(names[:NAMED])}{more}。")


def _sign(
    stage: Stage, ids: list[int], decision: Decision, *, by: Actor, at: datetime, opinion: str,
    reasons: Iterable[str] = (),
) -> None:  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            _SIGN,
            {
                "ids": ids, "stage": stage.value, "decision": decision.value, "person": _named(by).pk,
                "actor": by.label, "reasons": list(reasons), "opinion": opinion.strip(), "bulk": len(ids) > 1,
                "standing": decision == Decision.PASSED, "at": at,
            },
        )  # fmt: skip


def _in_words(problem: IntegrityError) -> Exception:
    text = str(problem)
    if "review_nobody_signs_twice" in text or "event_signed_by_different_people" in text:
        return Refusal("其中有业务件您已在前面的环节签署，须由另一人办理，未作任何更改。")
    if "review_stage_once" in text:
        return Refusal("其中有业务件刚被他人办理，未作任何更改。请刷新后重试。")
    return problem
