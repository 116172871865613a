"""The sign-in log, written from the signals of Django and axes."""

from __future__ import annotations

import datetime
import ipaddress
from typing import Any

from django.conf import settings
from django.contrib.auth import signals
from django.http import HttpRequest
from django.utils import timezone

from .enums import SignInOutcome
from .models import Person, SignIn

PER_MINUTE = 30  # refused sign-ins that one address may have in a minute, an office behind one address included


def address_of(request: HttpRequest | None) -> str | None:
    """The address a request came from: behind `PROXIES` proxies of ours, what the outermost of them saw."""
    if request is None:
        return None
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    proxies = getattr(settings, "PROXIES", 0)
    found = hops[-proxies] if 0 < proxies <= len(hops) else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return None


def too_many(request: HttpRequest, at: datetime.datetime) -> bool:
    """Whether the address was refused so often in the last minute that it has to wait."""
    address = address_of(request)
    if address is None:
        return False
    since = at - datetime.timedelta(minutes=1)
    refused = SignIn.objects.filter(at__gt=since, address=address, outcome=SignInOutcome.REFUSED)
    return refused.count() >= PER_MINUTE


def record(
    outcome: SignInOutcome, *, username: str, person: Person | None, request: HttpRequest | None, at: datetime.datetime
) -> SignIn:
    """Write one line of the log."""
    return SignIn.objects.create(
        outcome=outcome, username=username[:150], person=person, address=address_of(request), at=at
    )


def _signed_in(sender: object, request: HttpRequest, user: Person, **_: Any) -> None:
    record(SignInOutcome.SIGNED_IN, username=user.username, person=user, request=request, at=timezone.now())


def _signed_out(sender: object, request: HttpRequest, user: Person | None, **_: Any) -> None:
    if isinstance(user, Person):
        record(SignInOutcome.SIGNED_OUT, username=user.username, person=user, request=request, at=timezone.now())


def _failed(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    username = str(credentials.get("username") or "")
    person = Person.objects.filter(username__iexact=username).first()
    record(SignInOutcome.REFUSED, username=username, person=person, request=request, at=timezone.now())


def _locked(sender: object, request: HttpRequest | None, username: str | None, **_: Any) -> None:
    person = Person.objects.filter(username__iexact=username or "").first()
    record(SignInOutcome.LOCKED_OUT, username=username or "", person=person, request=request, at=timezone.now())


def connect() -> None:
    """Listen; called once when the app is ready."""
    from axes.signals import user_locked_out

    signals.user_logged_in.connect(_signed_in, dispatch_uid="people.signed_in")
    signals.user_logged_out.connect(_signed_out, dispatch_uid="people.signed_out")
    signals.user_login_failed.connect(_failed, dispatch_uid="people.failed")
    user_locked_out.connect(_locked, dispatch_uid="people.locked")
