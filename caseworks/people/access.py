"""Access marks: every view says who may see it, and a test walks all addresses for the mark.

@access("screening.view")   staff whose role holds the permission; others get 403
@signed_in                  anybody signed in
@portal                     an enterprise user; the view takes the code of the unit acted for: view(request, uscc, …)
@worker                     a worker who signed in by a code to the registered phone
@public                     anybody
@staff_site                 the pages of /admin/, which `RoleSite` guards
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from .enums import PersonKind
from .models import Person
from .permissions import granted, roles_for
from .scope import offices_in_scope, scope_of

__all__ = [
    "RoleSite",
    "access",
    "offices_in_scope",
    "portal",
    "portal_user",
    "public",
    "scope_of",
    "signed_in",
    "worker",
]

CHOSEN_UNIT = "portal_unit"  # in the session of an enterprise user who is bound to several units

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def _guarded(view: View, mark: str, *, permission: str | None, password_may_wait: bool = False) -> View:
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person = request.user
        if not isinstance(person, Person) or not person.is_active:
            return redirect_to_login(request.get_full_path())
        if permission is not None and not granted(person.roles(timezone.localdate()), permission):
            raise PermissionDenied
        if person.must_change_password and not password_may_wait:
            return redirect("people:password_change")
        return view(request, *args, **kwargs)

    guarded.access_mark = mark  # type: ignore[attr-defined]
    return cast(View, guarded)


def access(permission: str) -> Callable[[View], View]:
    """Staff whose role holds the permission; the words are in `people.permissions`."""
    roles_for(permission)
    return lambda view: _guarded(view, permission, permission=permission)


def signed_in(view: View) -> View:
    """Anybody signed in, staff or of an enterprise."""
    return _guarded(view, "signed_in", permission=None)


def while_changing_password(view: View) -> View:
    """Anybody signed in, also before the first password is changed."""
    return _guarded(view, "signed_in", permission=None, password_may_wait=True)


def portal_user(view: View) -> View:
    """An enterprise user, before a unit is chosen."""
    return _portal(view, chosen=False)


def portal(view: View) -> View:
    """An enterprise user; the view takes the code of the unit that is acted for, always one the user is bound to."""
    return _portal(view, chosen=True)


def _portal(view: View, *, chosen: bool) -> View:
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person = request.user
        if not isinstance(person, Person) or not person.is_active:
            return redirect_to_login(request.get_full_path())
        if person.kind != PersonKind.UNIT:
            raise PermissionDenied
        if person.must_change_password:
            return redirect("people:password_change")
        if not chosen:
            return view(request, *args, **kwargs)
        bound = list(person.units.order_by("uscc").values_list("uscc", flat=True))
        kept = request.session.get(CHOSEN_UNIT, "")
        uscc = kept if kept in bound else bound[0] if len(bound) == 1 else ""
        if not uscc:
            return redirect("portal:choose")
        request.uscc = uscc  # type: ignore[attr-defined]
        return view(request, uscc, *args, **kwargs)

    guarded.access_mark = "portal"  # type: ignore[attr-defined]
    return cast(View, guarded)


def worker(view: View) -> View:
    """A worker who signed in by a code to the registered phone; others are sent to that page, staff get 403."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person = request.user
        if not isinstance(person, Person) or not person.is_active:
            return redirect(settings.WORKER_ENTRY)
        if person.kind != PersonKind.WORKER:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    guarded.access_mark = "worker"  # type: ignore[attr-defined]
    return cast(View, guarded)


def public(view: View) -> View:
    """Anybody."""

    @functools.wraps(view)
    def open_to_all(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    open_to_all.access_mark = "public"  # type: ignore[attr-defined]
    return cast(View, open_to_all)


class RoleSite(AdminSite):
    """An admin site entered by role, through our own sign-in; nobody signs in at its own page."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Supervisors, auditors and administrators whose first password is behind them."""
        person = request.user
        return isinstance(person, Person) and person.is_active and person.is_staff and not person.must_change_password

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """A page of the site, marked as such."""
        guarded: Any = super().admin_view(view, cacheable)
        guarded.access_mark = "admin"
        return guarded

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send to our sign-in page, or refuse who is signed in and may not enter."""
        person = request.user
        if isinstance(person, Person):
            if person.is_staff and person.must_change_password:
                return redirect("people:password_change")
            if not self.has_permission(request):
                raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or request.path.removesuffix("login/"))

    login.access_mark = "public"  # type: ignore[attr-defined]
