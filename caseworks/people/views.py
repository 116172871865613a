"""Signing in, signing out, and one's password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from . import sign_ins, staff
from .access import public, while_changing_password
from .enums import PersonKind, SignInOutcome
from .forms import NewPasswordForm, SignInForm
from .models import Person


class SignIn(LoginView):
    """The one sign-in page, for staff and enterprises."""

    template_name = "people/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse an address that has tried too often of late, whatever the names."""
        if sign_ins.too_many(request, timezone.now()):
            return render(request, "people/locked_out.html", {"busy": True}, status=429)
        return super().post(request, *args, **kwargs)

    def get_default_redirect_url(self) -> str:
        """To the password first where one is due, else to the desk, or to the portal for enterprises."""
        person = self.request.user
        if isinstance(person, Person) and person.must_change_password:
            return resolve_url("people:password_change")
        if isinstance(person, Person) and person.kind == PersonKind.UNIT:
            return resolve_url("portal:home")
        if isinstance(person, Person) and person.kind == PersonKind.WORKER:
            return resolve_url(settings.WORKER_HOME)
        return resolve_url("desk:home")


login = public(SignIn.as_view())
logout = public(LogoutView.as_view())


@sensitive_post_parameters()
@while_changing_password
def password_change(request: HttpRequest) -> HttpResponseBase:
    """Change one's own password; other sessions of the person end."""
    person = request.user
    assert isinstance(person, Person)
    form = NewPasswordForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        staff.change_own_password(person, form.cleaned_data["new_password1"], at=at)
        update_session_auth_hash(request, person)
        sign_ins.record(SignInOutcome.PASSWORD_CHANGED, username=person.username, person=person, request=request, at=at)
        messages.success(request, "密码已修改。下次请用新密码登录。")
        return redirect("portal:home" if person.kind == PersonKind.UNIT else "desk:home")
    return render(request, "people/password_change.html", {"form": form, "first": person.must_change_password})
