"""Signing in by password, and the admin's permissions answered by roles instead of Django's tables."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.backends import ModelBackend
from django.utils import timezone

from .models import Person
from .permissions import PERMISSIONS, granted

# What the admin's `<app>.<action>_<model>` asks for, by app. `base` and `people` hold no cases and no money.
_NOUNS = {"people": "people", "law": "policy"}
_MANAGE = {"people": "people.manage", "law": "policy.draft"}
_BY_MODEL = {
    "law.calendarday": ("calendar.view", "calendar.edit"),
    "law.calendaryear": ("calendar.view", "calendar.edit"),
    "base.noticetemplate": ("notice.view", "notice.template"),
    "base.run": ("run.view", None),
    "people.signin": ("people.view", None),
    "admin.logentry": ("people.view", None),
}


def permission_word(perm: str) -> str | None:
    """The word of our table for one of Django's permissions; None where nobody may."""
    if perm in PERMISSIONS:
        return perm
    app, _, name = perm.partition(".")
    action, _, model = name.partition("_")
    look, change = _BY_MODEL.get(f"{app}.{model}", (f"{_NOUNS.get(app, app)}.view", _MANAGE.get(app)))
    word = look if action == "view" else change
    return word if word in PERMISSIONS else None


class RoleBackend(ModelBackend):
    """Roles, not Django's permission tables, say what a person may do."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Only people in service."""
        return bool(user.is_active)

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """As the admin asks: `people.change_person`; or a word of our own table."""
        if not isinstance(user_obj, Person) or not user_obj.is_active:
            return False
        word = permission_word(perm)
        return word is not None and granted(user_obj.roles(timezone.localdate()), word)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether anything of the app may be looked at."""
        try:
            models = apps.get_app_config(app_label).get_models()
        except LookupError:
            return False
        return any(self.has_perm(user_obj, f"{app_label}.view_{model._meta.model_name}") for model in models)

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None of Django's own."""
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None of Django's own."""
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """The words the person's roles hold."""
        if not isinstance(user_obj, Person) or not user_obj.is_active:
            return set()
        roles = user_obj.roles(timezone.localdate())
        return {word for word, holders in PERMISSIONS.items() if not holders.isdisjoint(roles)}
