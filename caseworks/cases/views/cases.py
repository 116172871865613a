"""业务件: one case with its judgement, flags, signatures, notes and history, and what may be done with it next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.panels import Panel, functions_of
from caseworks.cases import history, opinions, reviews, sampling, sources
from caseworks.cases.enums import SendBackReason, Stage, Status
from caseworks.cases.forms import ActForm
from caseworks.cases.lifecycle import STEPS
from caseworks.cases.models import Case, FlagClearing
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person


@dataclass(frozen=True)
class FlagLine:
    """A flag of the case and what was found about it."""

    code: str
    label: str
    clearing: FlagClearing | None


def _case(request: HttpRequest, pk: int) -> Case:
    assert isinstance(request.user, Person)
    rows = Case.objects.visible_to(request.user, timezone.localdate()).select_related("office", "sheet")
    return get_object_or_404(rows, pk=pk)


@access("case.view")
@require_safe
def case_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A case as the person sees it."""
    case, person, on = _case(request, pk), request.user, timezone.localdate()
    assert isinstance(person, Person)
    by = Actor.of_person(person)
    stage = reviews.STAGE_OF.get(Status(case.status))
    signed = list(case.reviews.all())
    standing = [row for row in signed if row.standing]
    mine = stage is not None and by.may(reviews.PERMISSION_OF[stage], case.office, on)
    marked = next(iter(sampling.marked(stage, [case.pk], person.pk)), None) if stage else None
    context = {
        "case": case,
        "stage": stage,
        "mine": mine,
        "own": any(row.person_id == person.pk for row in standing),
        "marked": marked,
        "missing": marked.missing() if marked else "",
        "flags": _flags(case),
        "may_clear": case.status == Status.OPENED and by.may("case.review", case.office, on),
        "reviews": [(row, "、".join(str(SendBackReason(code).label) for code in row.reasons)) for row in signed],
        "notes": case.notes.all(),
        "events": [(event, STEPS[event.step].label) for event in case.events.all()],
        "panels": [*sources.panels(case, person, on), *_panels(case, person, on)],
        "opinions": opinions.common(person, stage) if stage and mine else [],
        "reasons": SendBackReason.choices,
        **{f"may_{name}": _may(name, case, by) for name in ("send_back", "rejudge", "refuse", "withdraw")},
        "may_note": person.has_perm("case.note"),
    }
    return render(request, "cases/case_detail.html", context)


def _panels(case: Case, person: Person, on: date) -> Iterator[Panel]:
    """Cards that the desk adds to those of the case's scheme."""
    for source in functions_of(settings.PANELS, "case_panels"):
        yield from source(case, person, on)


def _may(step: str, case: Case, by: Actor) -> bool:
    found = STEPS[step]
    return case.status in found.sources and by.may(found.permission, case.office)


def _flags(case: Case) -> list[FlagLine]:
    codes = case.sheet.flags if hasattr(case, "sheet") else []
    words = sources.flag_words(case.scheme) if codes else {}
    cleared = {row.flag: row for row in case.clearings.all() if bytes(row.fingerprint) == bytes(case.fingerprint)}
    return [FlagLine(code, words.get(code, code), cleared.get(code)) for code in codes]


# -- acting: one operation each, and the words for when it was done


def _pass(case: Case, given: dict[str, Any], by: Actor, at: datetime) -> str:
    stage, amount = given["stage"], given["amount"]
    if not stage or amount is None:
        raise Refusal("提交的内容不完整，未作任何更改。请刷新后重试。")
    stage = Stage(stage)
    reviews.pass_on(
        stage=stage, case_ids=[case.pk], opinion=given["opinion"], by=by, at=at, shown=history.Shown(1, amount)
    )
    return f"{stage.label}已通过：{case.name}。"


def _send_back(case: Case, given: dict[str, Any], by: Actor, at: datetime) -> str:
    reviews.send_back(case_ids=[case.pk], reasons=given["reasons"], opinion=given["opinion"], by=by, at=at)
    return f"已退回初审：{case.name}。前面的签署不再有效。"


def _clear(case: Case, given: dict[str, Any], by: Actor, at: datetime) -> str:
    reviews.clear_flag(case.pk, given["flag"], given["opinion"], by, at)
    return "核实情况已记录。"


def _examine(case: Case, given: dict[str, Any], by: Actor, at: datetime) -> str:
    reviews.examine(case.pk, by, at)
    return "已记录逐件核对，可以通过。"


def _rejudge(case: Case, given: dict[str, Any], by: Actor, at: datetime) -> str:
    changed = reviews.rejudge(case.pk, by=by, at=at, note=given["opinion"])
    return "已按现有数据重新核定，前面的签署不再有效，请重新初审。" if changed else "按现有数据核定的结果没有变化。"


def _refuse(case: Case, given: dict[str, Any], by: Actor, at: datetime) -> str:
    history.take("refuse", [case.pk], by=by, at=at, note=given["opinion"])
    return f"已作不予支付处理：{case.name}。"


def _withdraw(case: Case, given: dict[str, Any], by: Actor, at: datetime) -> str:
    history.take("withdraw", [case.pk], by=by, at=at, note=given["opinion"])
    return f"已撤回：{case.name}。"


def _note(case: Case, given: dict[str, Any], by: Actor, at: datetime) -> str:
    reviews.add_note(case.pk, given["opinion"], by=by, at=at)
    return "备注已保存。"


ACTIONS: dict[str, Callable[[Case, dict[str, Any], Actor, datetime], str]] = {
    "pass": _pass,
    "send_back": _send_back,
    "clear": _clear,
    "examine": _examine,
    "rejudge": _rejudge,
    "refuse": _refuse,
    "withdraw": _withdraw,
    "note": _note,
}


@access("case.note")
@require_POST
def case_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do one thing with a case; the operation checks who may."""
    case, form = _case(request, pk), ActForm(request.POST)
    back = redirect("cases:case_detail", case.pk)
    if not form.is_valid() or form.cleaned_data["action"] not in ACTIONS:
        messages.error(request, "提交的内容不完整，未作任何更改。请重试。")
        return back
    act = ACTIONS[form.cleaned_data["action"]]
    try:
        words = act(case, form.cleaned_data, Actor.of_request(request), timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)
    return back
