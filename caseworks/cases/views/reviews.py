"""审核: the queues by stage, opening what is eligible, and passing in bulk with the exceptions first. (N6.2)"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.pages import KeysetPage
from caseworks.cases import opinions, queues, reviews, sources
from caseworks.cases.enums import Scheme, Stage
from caseworks.cases.filters import ORDERS, ReviewFilter
from caseworks.cases.forms import BulkForm
from caseworks.cases.history import Shown
from caseworks.cases.models import Case, CaseQuerySet
from caseworks.cases.sampling import Marked
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person

SCHEME = Scheme.REFUNDS.value


@dataclass(frozen=True)
class Asked:
    """The address read: the form, its stage and year, and the rows within the person's scope."""

    form: ReviewFilter
    stage: Stage
    year: int
    rows: CaseQuerySet
    params: QueryDict


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _asked(request: HttpRequest) -> Asked:
    person, on = _person(request), timezone.localdate()
    years = sources.years(SCHEME)
    params = request.GET.copy()
    if params.get("stage") not in Stage.values:
        params["stage"] = next(
            (stage.value for stage in Stage if person.has_perm(reviews.PERMISSION_OF[stage])), Stage.FIRST.value
        )
    if years and not params.get("year"):
        params["year"] = str(years[0])
    form = ReviewFilter(params, years=years, person=person, on=on)
    stage = Stage(str(params["stage"]))
    if not years or not form.is_valid():
        return Asked(form, stage, years[0] if years else on.year, Case.objects.none(), params)
    year = form.cleaned_data["year"]
    rows = queues.waiting(stage, scheme=SCHEME, year=year).visible_to(person, on)
    return Asked(form, stage, year, form.applied(rows), params)


@access("case.view")
@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """The four queues of the own offices, and the cases of the chosen one."""
    person, on = _person(request), timezone.localdate()
    asked = _asked(request)
    page = KeysetPage(asked.rows.select_related("office", "sheet"), ORDERS, request.GET)
    may_open = asked.stage == Stage.FIRST and person.has_perm("case.open")
    context = {
        "form": asked.form,
        "stage": asked.stage,
        "year": asked.year,
        "queues": queues.overview(person, on, scheme=SCHEME, year=asked.year),
        "page": page,
        "query": asked.params.urlencode(),
        "may_pass": person.has_perm(reviews.PERMISSION_OF[asked.stage]),
        "unopened": reviews.unopened(scheme=SCHEME, year=asked.year, by=Actor.of_person(person), at=timezone.now())
        if may_open and sources.years(SCHEME)
        else 0,
        "flags": sources.flag_words(SCHEME),
        "today": on,
    }
    return render(request, "cases/review_list.html", context)


@access("case.open")
@require_POST
def review_open(request: HttpRequest) -> HttpResponse:
    """立件: open a case for everything eligible in the own offices."""
    year = request.POST.get("year", "")
    back = redirect(f"{reverse('cases:review_list')}?stage=first&year={year if year.isdigit() else ''}")
    if not year.isdigit():
        messages.error(request, "请选择政策年度，未作任何更改。")
        return back
    try:
        opened = reviews.open_eligible(scheme=SCHEME, year=int(year), by=Actor.of_request(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"已立件 {opened:,} 件，进入初审。" if opened else "没有新的可立件单位。")
    return back


@dataclass(frozen=True)
class Selection:
    """What a bulk step would take, and what it leaves out."""

    ids: list[int]
    amount: Decimal
    exceptions: list[Marked]
    own: int  # signed by the person at another stage

    @classmethod
    def of(cls, request: HttpRequest, asked: Asked) -> Selection:
        """The chosen rows, or the whole filter where none is chosen."""
        person, rows = _person(request), asked.rows
        chosen = [int(pk) for pk in request.GET.getlist("cases") if pk.isdigit()]
        if chosen:
            rows = rows.filter(pk__in=chosen)
        mine = queues.passable(rows, asked.stage, person, timezone.localdate())
        amounts = dict(mine.order_by("pk").values_list("pk", "amount"))
        left = reviews.exceptions(asked.stage, amounts, person)
        ids = sorted(amounts.keys() - {row.case_id for row in left})
        return cls(ids, sum((amounts[pk] for pk in ids), Decimal(0)), left, rows.count() - len(amounts))


@access("case.view")
@require_http_methods(["GET", "HEAD", "POST"])
def review_pass(request: HttpRequest) -> HttpResponse:
    """批量通过: exceptions first, then how many and how much; what was shown is what is signed."""
    person = _person(request)
    asked = _asked(request)
    if not person.has_perm(reviews.PERMISSION_OF[asked.stage]):
        messages.error(request, f"您没有办理{asked.stage.label}的权限，未作任何更改。")
        return redirect("cases:review_list")
    selection = Selection.of(request, asked)
    if request.method == "POST":
        return _passed(request, asked, selection)
    context = {
        "stage": asked.stage,
        "year": asked.year,
        "chips": asked.form.chips,
        "chosen": bool(request.GET.getlist("cases")),
        "selection": selection,
        "shown_exceptions": selection.exceptions[:100],
        "opinions": opinions.common(person, asked.stage),
        "query": request.GET.urlencode(),
        "back": f"{reverse('cases:review_list')}?{_without_cases(request)}",
        "flags": sources.flag_words(SCHEME),
    }
    return render(request, "cases/review_pass.html", context)


def _passed(request: HttpRequest, asked: Asked, selection: Selection) -> HttpResponse:
    form = BulkForm(request.POST)
    if not form.is_valid():
        messages.error(request, "没有可批量办理的业务件，未作任何更改。请刷新后重试。")
        return redirect(request.get_full_path())
    given = form.cleaned_data
    try:
        done = reviews.pass_on(
            stage=asked.stage, case_ids=selection.ids, opinion=given["opinion"], by=Actor.of_request(request),
            at=timezone.now(), shown=Shown(given["count"], given["amount"]),
        )  # fmt: skip
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(request.get_full_path())
    left = f"另有 {len(selection.exceptions):,} 件须逐件办理，见下表。" if selection.exceptions else ""
    messages.success(request, f"{asked.stage.label}已通过 {done:,} 件，{selection.amount:,.2f} 元。{left}")
    return redirect(f"{reverse('cases:review_list')}?stage={asked.stage.value}&year={asked.year}")


def _without_cases(request: HttpRequest) -> str:
    params = request.GET.copy()
    params.pop("cases", None)
    return params.urlencode()
