"""窗口受理: the ID number alone; everything known is filled in, what is missing is said, nothing else is asked (N5.4)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from caseworks.base.errors import Refusal
from caseworks.people.access import access
from caseworks.people.actors import Actor
from subsidies import claims, persons
from subsidies.enums import Channel
from subsidies.forms import NumberForm, TakeForm
from subsidies.models import Claim
from subsidies.views.shared import number_of, person_of, token_of


@sensitive_post_parameters("id_no", "token")
@access("claim.take")
@require_http_methods(["GET", "HEAD", "POST"])
def claim_new(request: HttpRequest) -> HttpResponse:
    """Ask for the number, show what is known, take the claims that are chosen."""
    if request.method != "POST":
        return render(request, "subsidies/claim_new.html", {"form": NumberForm()})
    if "token" in request.POST:
        return _take(request)
    form = NumberForm(request.POST)
    if not form.is_valid():
        return render(request, "subsidies/claim_new.html", {"form": form}, status=422)
    return _show(request, form.cleaned_data["id_no"], form.cleaned_data["id_type"], form)


def _show(
    request: HttpRequest, id_no: str, id_type: str, form: NumberForm, taking: TakeForm | None = None
) -> HttpResponse:
    person, on = person_of(request), timezone.localdate()
    problem = ""
    try:
        known = persons.of_number(id_no, on=on)
    except Refusal as refusal:  # no policy row of this year: claims of the last one may still be handed in
        known, problem = persons.of_number(id_no, on=on, foresee=False), refusal.message
    if known.worker is not None and not persons.within(known, person, on, "claim.take"):
        form.add_error("id_no", f"此人由{known.office}经办，请到该机构办理，或由其工作人员受理。")
        return render(request, "subsidies/claim_new.html", {"form": form}, status=422)
    numbers = [certificate.cert_no for certificate in known.certificates]
    chosen = [chance.certificate.cert_no for chance in known.chances if chance.granted]
    taking = taking or TakeForm(
        numbers=numbers, on=on,
        initial={"token": token_of(id_no, id_type), "applied_on": on, "certificates": chosen if len(chosen) == 1 else []},
    )  # fmt: skip
    context = {
        "form": NumberForm(),
        "known": known,
        "problem": problem,
        "taking": taking,
        "picked": taking["certificates"].value() or [],
    }
    return render(request, "subsidies/claim_new.html", context, status=422 if taking.errors else 200)


def _take(request: HttpRequest) -> HttpResponse:
    on = timezone.localdate()
    id_no, id_type = number_of(request.POST["token"])
    asked = NumberForm({"id_no": id_no, "id_type": id_type})
    asked.is_valid()
    known = persons.of_number(id_no, on=on, foresee=False)
    form = TakeForm(request.POST, numbers=[certificate.cert_no for certificate in known.certificates], on=on)
    if not form.is_valid():
        return _show(request, id_no, id_type, asked, form)
    taken: list[Claim] = []
    id_type = known.worker.id_type if known.worker else id_type
    office = person_of(request).office
    for cert_no in form.wanted:
        try:
            claim = claims.take(
                id_no=id_no, cert_no=cert_no, applied_on=form.cleaned_data["applied_on"], channel=Channel.COUNTER,
                id_type=id_type, office=office, by=Actor.of_request(request), at=timezone.now(),
            )  # fmt: skip
        except Refusal as refusal:
            if taken:  # those are on record: the page of the person tells which
                messages.error(request, f"证书 {cert_no} 没有受理：{refusal.message}")
                break
            form.add_error(None, refusal.message)
            return _show(request, id_no, id_type, asked, form)
        taken.append(claim)
        if claim.outcome == "granted":
            messages.success(request, f"证书 {cert_no} 已受理，符合条件，{claim.amount:,.2f} 元，立件后进入初审。")
        else:
            messages.warning(request, f"证书 {cert_no} 已受理，不符合条件。原因见申领页，可打印告知本人。")
    if len(taken) == 1 or known.worker is None:
        return redirect("subsidies:claim_detail", pk=taken[0].pk)
    return redirect("subsidies:worker_detail", pk=known.worker.pk)
