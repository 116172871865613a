"""不发送名单: numbers to which no short message is sent."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from caseworks.base.errors import Refusal
from caseworks.base.models import NoticeBlock
from caseworks.base.notices import handling
from caseworks.base.pages import KeysetPage, Order
from caseworks.people.access import access
from caseworks.people.actors import Actor

ORDERS = {"newest": Order("新近在前", ("pk",), descending=True)}


@access("notice.block")
@require_http_methods(["GET", "HEAD", "POST"])
def block_list(request: HttpRequest) -> HttpResponse:
    """The numbers, and adding one. The list counts for the whole province: a number has no office."""
    if request.method == "POST":
        try:
            made = handling.block(
                request.POST.get("phone", ""),
                reason=request.POST.get("reason", ""),
                label=Actor.of_request(request).label,
                at=timezone.now(),
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{made.masked} 已列入，不再向其发送短信。")
        return redirect("notices:block_list")
    page = KeysetPage(NoticeBlock.objects.filter(lifted_at__isnull=True).defer("phone"), ORDERS, request.GET)
    return render(request, "notices/block_list.html", {"page": page})


@access("notice.block")
@require_POST
def block_lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a number off the list."""
    row = get_object_or_404(NoticeBlock.objects.defer("phone"), pk=pk)
    try:
        handling.lift(row, label=Actor.of_request(request).label, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{row.masked} 已移出，可以发送短信。")
    return redirect("notices:block_list")
