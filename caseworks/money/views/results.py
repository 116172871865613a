"""银行回盘: the files that were booked, and booking another; one wrong line refuses the whole file (contract 5)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from caseworks.base.errors import Refusal
from caseworks.money import bank_results
from caseworks.money.bank_results import Booked
from caseworks.money.forms import ResultForm
from caseworks.money.models import ResultFile
from caseworks.people.access import access
from caseworks.people.actors import Actor
from caseworks.people.models import Person

SHOWN = 50  # of the files booked, the newest


@access("payment.view")
@require_safe
def result_list(request: HttpRequest) -> HttpResponse:
    """The files booked last, and the form for the next."""
    assert isinstance(request.user, Person)
    context = {
        "files": ResultFile.objects.order_by("-pk")[:SHOWN],
        "form": ResultForm(),
        "may_book": request.user.has_perm("payment.make"),
    }
    return render(request, "money/result_list.html", context)


@access("payment.make")
@require_POST
def result_book(request: HttpRequest) -> HttpResponse:
    """Check the whole file, then book it."""
    form = ResultForm(request.POST, request.FILES)
    if not form.is_valid():
        words = "；".join(str(error) for errors in form.errors.values() for error in errors)
        messages.error(request, f"没有登记：{words}")
        return redirect("money:result_list")
    try:
        booked = _booked(form.cleaned_data["file"], Actor.of_request(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            f"共 {booked.read:,} 行：到账 {booked.paid:,} 笔，退回 {booked.returned:,} 笔，"
            f"已登记过 {booked.unchanged:,} 行。",
        )
    return redirect("money:result_list")


def _booked(file: UploadedFile, by: Actor) -> Booked:
    name = Path(file.name or "回盘.csv").name
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"results{Path(name).suffix.lower()}"
        with path.open("wb") as stream:
            stream.writelines(file.chunks())
        return bank_results.book(path, by=by, at=timezone.now(), name=name)
