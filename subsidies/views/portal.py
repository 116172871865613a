"""网上申领: a worker known by a code to the registered phone sees and claims the own subsidies, and nobody else's (J4.2)."""

from __future__ import annotations

from contextlib import suppress

from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerError

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.limits import too_often
from caseworks.base.subjects import person_key
from caseworks.base.tasks import deliver_notices
from caseworks.cases import second_looks
from caseworks.cases.enums import SecondLookChannel
from caseworks.cases.models import SecondLook
from caseworks.cases.second_look_forms import MatterForm
from caseworks.people.access import public, worker
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.people.sign_ins import address_of
from caseworks.registry.models import CardChange
from subsidies import claims, codes, explain, persons
from subsidies.enums import Channel
from subsidies.forms import CodeForm, EnterForm, MyClaimForm
from subsidies.models import Claim

BACKEND = "caseworks.people.backends.RoleBackend"
ASKS, IN_SECONDS = 20, 3600  # codes that one address may ask for
SENT = "如果号码与登记一致，验证码已发送到该手机，10 分钟内有效。没有收到的，请核对号码，或到参保地窗口更正登记。"


def _browser(request: HttpRequest) -> str:
    """The session that a code is good for."""
    if not request.session.session_key:
        request.session.create()
    return str(request.session.session_key)


def _hurry() -> None:
    """Have the message sent now; the courier comes every minute anyway."""
    with suppress(BrokerError):
        deliver_notices.delay()


def _mine(request: HttpRequest) -> bytes:
    """Whose pages these are; 404 for a user who is bound to nobody."""
    person = request.user
    assert isinstance(person, Person)
    found = codes.id_hash_of(person)
    if found is None:
        raise Http404
    return found


@sensitive_post_parameters("id_no", "phone")
@public
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Say who you are; a code goes to the registered phone."""
    if isinstance(request.user, Person) and request.user.kind == "worker":
        return redirect("my_subsidies:home")
    form = EnterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        at, address = timezone.now(), address_of(request)
        if too_often("phone_code", address, most=ASKS, seconds=IN_SECONDS, at=at):
            form.add_error(None, "获取验证码过于频繁，请一小时后再试，或到窗口办理。")
        else:
            try:
                sent = codes.send(
                    form.cleaned_data["id_no"], form.cleaned_data["phone"], browser=_browser(request), address=address,
                    at=at,
                )  # fmt: skip
            except Refusal as refusal:
                form.add_error("id_no", refusal.message)
            else:
                if sent:
                    _hurry()
                messages.info(request, SENT)
                return redirect("my_subsidies:code")
    return render(request, "subsidies/portal_enter.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters("code")
@public
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Enter the code; good once, in this browser."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = codes.check(form.cleaned_data["code"], browser=_browser(request), at=timezone.now())
        except Refusal as refusal:
            form.add_error("code", refusal.message)
        else:
            login(request, person, backend=BACKEND)
            return redirect("my_subsidies:home")
    return render(request, "subsidies/portal_code.html", {"form": form}, status=422 if form.errors else 200)


@worker
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """My state, what I can claim, what I have claimed."""
    return _home(request)


def _home(request: HttpRequest, form: MyClaimForm | None = None) -> HttpResponse:
    on, mine = timezone.localdate(), _mine(request)
    problem = ""
    try:
        known = persons.known(mine, on=on)
    except Refusal as refusal:
        known, problem = persons.known(mine, on=on, foresee=False), refusal.message
    shown = form or MyClaimForm()
    changing = CardChange.objects.waiting().filter(id_hash=mine).first()
    context = {"known": known, "form": shown, "problem": problem, "changing": changing}
    return render(request, "subsidies/portal_home.html", context, status=422 if shown.errors else 200)


@worker
@require_POST
def claim(request: HttpRequest) -> HttpResponse:
    """Claim for a certificate: its number is enough, everything else is looked up."""
    form, mine = MyClaimForm(request.POST), _mine(request)
    known = persons.known(mine, on=timezone.localdate(), foresee=False)
    if known.worker is None:
        raise Http404
    if form.is_valid():
        at = timezone.now()
        try:
            taken = claims.take(
                id_no=known.worker.id_no, id_type=known.worker.id_type, cert_no=form.cleaned_data["cert_no"],
                applied_on=timezone.localdate(at), channel=Channel.PORTAL, by=Actor.of_request(request), at=at,
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error("cert_no", refusal.message)
        else:
            return redirect("my_subsidies:claim", pk=taken.pk)
    return _home(request, form)


@worker
@require_safe
def my_claim(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim of one's own: how far it is, and each reason with its numbers, limit and clause."""
    rows = Claim.objects.of_person(_mine(request)).select_related("policy", "office", "case")
    found = get_object_or_404(rows, pk=pk)
    return _claim(request, found)


def _claim(request: HttpRequest, found: Claim, form: MatterForm | None = None) -> HttpResponse:
    payment = found.case.payments.order_by("-pk").first() if found.case else None
    looks = SecondLook.objects.filter(scheme="subsidies", subject=person_key(found.id_hash), matter=str(found.pk))
    shown = list(looks.select_related("document").order_by("-pk"))
    refused = found.case.status == "refused" if found.case else found.outcome == "refused"
    context = {
        "claim": found,
        "looks": shown,
        "look_form": form or MatterForm(initial={"applicant": found.name}),
        "may_ask": refused and not any(row.status == "open" for row in shown),
        "sentences": explain.sentences(found) if found.outcome != "granted" else [],
        "payment": payment,
        "known": persons.known(found.id_hash, on=timezone.localdate(), foresee=False),
    }
    return render(request, "subsidies/portal_claim.html", context, status=422 if form and form.errors else 200)


@worker
@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a second look at a refused claim of one's own."""
    rows = Claim.objects.of_person(_mine(request)).select_related("policy", "office", "case")
    found, form, at = get_object_or_404(rows, pk=pk), MatterForm(request.POST, request.FILES), timezone.now()
    if form.is_valid():
        try:
            made = second_looks.receive(
                scheme="subsidies", year=found.year, subject=person_key(found.id_hash), matter=str(found.pk),
                channel=SecondLookChannel.PORTAL, by=Actor.of_request(request), at=at, on=timezone.localdate(at),
                **form.cleaned_data,
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"复核申请已提交，登记号 {made.pk}。由未参与的工作人员复核，书面答复。")
            return redirect("my_subsidies:claim", pk=pk)
    return _claim(request, found, form)


@worker
@require_safe
def look_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter that answers one's own request."""
    mine = SecondLook.objects.filter(scheme="subsidies", subject=person_key(_mine(request)))
    row = get_object_or_404(mine.select_related("document__file"), pk=pk, document__isnull=False)
    assert row.document is not None
    return files.serve(row.document.file)
