"""What is done on the page of one case: one operation each, and the words for when it was done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.cases import history, opinions, reviews, sheets
from caseworks.cases.enums import Stage
from caseworks.cases.forms import ActForm, AttachForm
from caseworks.cases.models import Case, CaseFile
from caseworks.cases.views.asking import next_of, signed_in
from caseworks.cases.views.cases import seen
from caseworks.people.access import access
from caseworks.people.actors import Actor


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
    """Do one thing with a case; the operation checks who may. `onward` leads on to the next case of the queue."""
    case, form = seen(request, pk), ActForm(request.POST)
    back = redirect("cases:case_detail", case.pk)
    if not form.is_valid() or form.cleaned_data["action"] not in ACTIONS:
        messages.error(request, "提交的内容不完整，未作任何更改。请重试。")
        return back
    given = form.cleaned_data
    onward = next_of(request, case) if given["onward"] else None
    try:
        words = ACTIONS[given["action"]](case, given, Actor.of_request(request), timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return back
    messages.success(request, words)
    if given["action"] == "pass" and given["keep"]:
        keep_opinion(request, given["stage"], given["opinion"])
    return redirect("cases:case_detail", onward.pk) if onward else back


def keep_opinion(request: HttpRequest, stage: str, text: str) -> None:
    """Keep an opinion that was just written; what keeps it from being kept does not undo what was done."""
    try:
        opinions.add(signed_in(request), stage, text, at=timezone.now())
    except Refusal as refusal:
        messages.warning(request, str(refusal))


@access("case.note")
@require_POST
def case_attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a file beside a case."""
    case, form = seen(request, pk), AttachForm(request.POST, request.FILES)
    try:
        if not form.is_valid():
            words = "".join(str(error) for errors in form.errors.values() for error in errors)
            raise Refusal(f"附件没有保存：{words}")
        accepted = files.accept(form.cleaned_data["file"])
        by, at = Actor.of_request(request), timezone.now()
        reviews.attach(case.pk, accepted, words=form.cleaned_data["words"], by=by, at=at)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"附件“{accepted.name}”已保存。")
    return redirect("cases:case_detail", case.pk)


@access("case.view")
@require_safe
def case_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet of a case as PDF, to be printed and signed or filed."""
    case = seen(request, pk)
    content = sheets.sheet(case, signed_in(request), at=timezone.now())
    stored = files.made(content, f"{case.year}审核表-{case.name}.pdf")
    return files.give(stored)


@access("case.view")
@require_safe
def case_file(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """A file beside a case, for who may see the case."""
    case = seen(request, pk)
    row = get_object_or_404(CaseFile.objects.select_related("stored"), case=case, pk=file)
    return files.serve(row.stored)
