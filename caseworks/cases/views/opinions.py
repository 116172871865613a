"""常用意见: the words that a person keeps for each stage; added, removed, and offered where an opinion is written."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from caseworks.base.errors import Refusal
from caseworks.cases import opinions
from caseworks.cases.enums import Stage
from caseworks.cases.models import CommonOpinion
from caseworks.cases.stages import PERMISSION_OF
from caseworks.cases.views.asking import signed_in
from caseworks.people.access import access


@access("case.note")
@require_http_methods(["GET", "HEAD", "POST"])
def opinion_list(request: HttpRequest) -> HttpResponse:
    """The own opinions by stage."""
    person = signed_in(request)
    if request.method == "POST":
        return _changed(request)
    kept = CommonOpinion.objects.filter(person=person)
    stages = [stage for stage in Stage if person.has_perm(PERMISSION_OF[stage])]
    context = {
        "stages": [(stage, [row for row in kept if row.stage == stage], opinions.USUAL[stage]) for stage in stages]
    }
    return render(request, "cases/opinion_list.html", context)


def _changed(request: HttpRequest) -> HttpResponse:
    person, removed = signed_in(request), request.POST.get("remove", "")
    if removed.isdigit():
        opinions.remove(person, int(removed))
        messages.success(request, "已删除。")
        return redirect("cases:opinion_list")
    try:
        stage = request.POST.get("stage", "")
        if stage not in Stage.values:
            raise Refusal("请选择环节，没有保存。")
        opinions.add(person, stage, request.POST.get("text", ""), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "已保存。办理时可以直接选用。")
    return redirect("cases:opinion_list")
