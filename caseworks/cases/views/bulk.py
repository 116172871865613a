"""批量通过: the exceptions first, then how many and how much; afterwards what was done, what was not, and why. (N6.2)"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from caseworks.base.errors import Refusal
from caseworks.base.money import thousands
from caseworks.cases import opinions, queues, reviews, sources
from caseworks.cases.forms import BulkForm
from caseworks.cases.history import Shown
from caseworks.cases.sampling import Marked
from caseworks.cases.stages import PERMISSION_OF
from caseworks.cases.views.acting import keep_opinion
from caseworks.cases.views.asking import Asked, asked, signed_in
from caseworks.people.access import access
from caseworks.people.actors import Actor

SHOWN = 100  # so many exceptions are listed; all of them stand in the queue
DONE = "review_done"  # where a session keeps what the last bulk step did
#: why a case is left out → the queue's filter that shows those
LEFT = (
    ("unpayable", "重新核定后已不符合条件，只能不予支付或撤回", {"kind": "unpayable"}),
    ("sent_back", "曾被退回，看过退回原因后逐件通过", {"kind": "sent_back"}),
    ("flagged", "有提示，逐条核实后逐件通过", {"kind": "flagged"}),
    ("sampled", "属于抽查件，逐件打开核对后可以通过", {"kind": "sampled"}),
    ("taken", "已由同事认领", {"hand": "others"}),
)


@dataclass(frozen=True)
class Selection:
    """What a bulk step would take, and what it leaves out."""

    ids: list[int]
    amount: Decimal
    exceptions: list[Marked]
    own: int  # signed by the person at another stage, or of offices where another role is held

    @classmethod
    def of(cls, request: HttpRequest, found: Asked) -> Selection:
        """The chosen rows, or the whole filter where none is chosen."""
        person, rows = signed_in(request), found.rows
        chosen = [int(pk) for pk in request.GET.getlist("cases") if pk.isdigit()]
        if chosen:
            rows = rows.filter(pk__in=chosen)
        mine = queues.passable(rows, found.stage, person, timezone.localdate())
        amounts = dict(mine.order_by("pk").values_list("pk", "amount"))
        left = reviews.exceptions(found.stage, amounts, person, timezone.now())
        ids = sorted(amounts.keys() - {row.case_id for row in left})
        return cls(ids, sum((amounts[pk] for pk in ids), Decimal(0)), left, rows.count() - len(amounts))

    def left(self) -> list[tuple[str, int, str]]:
        """Why so many are left out, and the filter that shows them."""
        counted = Counter(_why(row) for row in self.exceptions)
        return [(words, counted[why], urlencode(query)) for why, words, query in LEFT if counted[why]]


def _why(row: Marked) -> str:
    if not row.payable:
        return "unpayable"
    if row.sent_back:
        return "sent_back"
    if row.flags:
        return "flagged"
    return "sampled" if row.unopened else "taken"


@access("case.view")
@require_http_methods(["GET", "HEAD", "POST"])
def review_pass(request: HttpRequest) -> HttpResponse:
    """The question, asked once; what was shown is what is signed."""
    person = signed_in(request)
    found = asked(request)
    if not person.has_perm(PERMISSION_OF[found.stage]):
        messages.error(request, f"您没有办理{found.stage.label}的权限，未作任何更改。")
        return redirect("cases:review_list")
    selection = Selection.of(request, found)
    if request.method == "POST":
        return _passed(request, found, selection)
    context = {
        "stage": found.stage,
        "year": found.year,
        "chips": found.form.chips,
        "chosen": bool(request.GET.getlist("cases")),
        "selection": selection,
        "left": selection.left(),
        "shown_exceptions": selection.exceptions[:SHOWN],
        "opinions": opinions.common(person, found.stage),
        "query": request.GET.urlencode(),
        "back": f"{reverse('cases:review_list')}?{found.address}",
        "flags": sources.flag_words(found.scheme),
    }
    return render(request, "cases/review_pass.html", context)


def _passed(request: HttpRequest, found: Asked, selection: Selection) -> HttpResponse:
    form = BulkForm(request.POST)
    if not form.is_valid():
        messages.error(request, "没有可批量办理的业务件，未作任何更改。请刷新后重试。")
        return redirect(request.get_full_path())
    given = form.cleaned_data
    try:
        done = reviews.pass_on(
            stage=found.stage, case_ids=selection.ids, opinion=given["opinion"], by=Actor.of_request(request),
            at=timezone.now(), shown=Shown(given["count"], given["amount"]),
        )  # fmt: skip
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(request.get_full_path())
    if given["keep"]:
        keep_opinion(request, found.stage, given["opinion"])
    request.session[DONE] = {
        "stage": found.stage.value,
        "label": found.stage.label,
        "year": found.year,
        "done": done,
        "amount": thousands(selection.amount),
        "left": selection.left(),
        "own": selection.own,
        "query": urlencode({"scheme": found.scheme, "stage": found.stage.value, "year": found.year}),
    }
    return redirect("cases:review_done")


@access("case.view")
@require_safe
def review_done(request: HttpRequest) -> HttpResponse:
    """How many were passed, how many not and why, with the way to those."""
    done = request.session.get(DONE)
    if done is None:
        return redirect("cases:review_list")
    return render(request, "cases/review_done.html", {"done": done, "not_done": sum(line[1] for line in done["left"])})
