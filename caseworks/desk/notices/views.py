"""通知: the list with its totals, one notice, and sending failed ones again. (N5.1)"""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from caseworks.base import lists
from caseworks.base.enums import NoticeProblem, NoticeStatus
from caseworks.base.errors import Refusal
from caseworks.base.models import Notice
from caseworks.base.models.notices import OVER
from caseworks.base.notices import handling, recipients
from caseworks.base.pages import KeysetPage, Order
from caseworks.desk.notices.filters import NoticeFilter
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Office, Person
from caseworks.people.scope import offices_in_scope, scope_of

ORDERS = {"newest": Order("新近在前", ("pk",), descending=True)}
MOST = 50_000  # sent again at once


def _visible(request: HttpRequest, permission: str = "notice.view") -> QuerySet[Notice]:
    assert isinstance(request.user, Person)
    return scope_of(request.user, timezone.localdate(), permission).limit(Notice.objects.all())


def _query(request: HttpRequest) -> tuple[NoticeFilter, QuerySet[Notice]]:
    assert isinstance(request.user, Person)
    offices = offices_in_scope(request.user, timezone.localdate(), "notice.view")
    form = NoticeFilter(request.GET, offices=offices)
    rows = _visible(request)
    return form, form.applied(rows) if form.is_valid() else rows.none()


@access("notice.view")
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """What was sent in the own offices, the newest first."""
    form, rows = _query(request)
    page = KeysetPage(rows.select_related("version"), ORDERS, request.GET)
    offices = Office.objects.in_bulk({row.office for row in page.rows})
    context = {
        "form": form,
        "page": page,
        "lines": [(number, row, offices.get(row.office)) for number, row in page.numbered()],
        "totals_url": f"{reverse('notices:notice_totals')}?{request.GET.urlencode()}",
        "query": request.GET.urlencode(),
        "may_resend": request.user.has_perm("notice.resend"),
        "may_block": request.user.has_perm("notice.block"),
        "no_phone": NoticeProblem.NO_PHONE.value,
    }
    return render(request, "notices/notice_list.html", context)


@access("notice.view")
@require_safe
def notice_totals(request: HttpRequest) -> HttpResponse:
    """How many of the filter stand in which state, and how many units cannot be reached; loaded after the list."""
    _, rows = _query(request)
    counted = dict(rows.order_by().values_list("status").annotate(notices=Count("pk")))
    totals = [("通知", f"{sum(counted.values()):,}")]
    totals += [(str(status.label), f"{counted[status]:,}") for status in NoticeStatus if status in counted]
    unreached = rows.filter(problem=NoticeProblem.NO_PHONE).order_by().values("subject").distinct().count()
    if unreached:
        totals.append(("没有手机号码的单位", f"{unreached:,}"))
    return lists.totals_of(request, totals, "notices:notice_list")


@access("notice.view")
@require_safe
def notice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One notice: its words, how far it came, and sending it again."""
    row = get_object_or_404(_visible(request).select_related("version"), pk=pk)
    to = recipients.of([row])[row.pk]
    title, body = recipients.words(row, to)
    office = Office.objects.filter(pk=row.office).first()
    may = office is not None and Actor.of_request(request).may("notice.resend", office)
    context = {
        "row": row,
        "title": title,
        "body": body,
        "reachable": bool(to.mobile),
        "office": office,
        "may_resend": may and row.status in OVER,
    }
    return render(request, "notices/notice_detail.html", context)


@access("notice.resend")
@require_POST
def notice_resend(request: HttpRequest) -> HttpResponse:
    """Send chosen notices again, or all of the filter that failed or were not sent."""
    back = _back(request)
    rows = _visible(request, "notice.resend")
    if request.POST.get("all"):
        form, chosen = _query(request)
        if not form.is_valid():
            messages.error(request, "查询条件有误，未作任何更改。")
            return redirect(back)
        ids = list(rows.filter(pk__in=chosen.filter(status__in=OVER).values("pk")).values_list("pk", flat=True)[:MOST])
    else:
        asked = [int(text) for text in request.POST.getlist("notices") if text.isdigit()]
        ids = list(rows.filter(pk__in=asked).values_list("pk", flat=True))
    try:
        count = handling.resend(
            ids,
            because=request.POST.get("because", ""),
            label=Actor.of_request(request).label,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{count:,} 条通知已列入发送，按现行模板和现有号码重发。")
    return redirect(back)


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure())
    return wanted if wanted.startswith("/") and safe else reverse("notices:notice_list")
