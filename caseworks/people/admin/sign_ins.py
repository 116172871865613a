"""登录日志."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from caseworks.people.admin.operations import ScopedAdmin
from caseworks.people.models import SignIn


@admin.register(SignIn)
class SignInAdmin(ScopedAdmin):
    """登录日志, to be read only."""

    seat = "person__office"
    list_display = ("at", "username", "person", "outcome", "address")
    list_filter = ("outcome",)
    search_fields = ("username", "person__full_name")
    list_select_related = ("person",)
    date_hierarchy = "at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes here."""
        return False
