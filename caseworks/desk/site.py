"""The supervisors' and administrators' site at /admin/: Django's own, with our first page and pages on it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver

from caseworks.people.access import RoleSite


class CaseworksAdminSite(RoleSite):
    """Dashboards and lists for supervisors, policy, calendar, people and offices."""

    site_header = "失业保险援企稳岗 · 管理"
    site_title = "管理"
    index_title = "政策、日历、人员和机构"
    site_url = "/desk/"
    enable_nav_sidebar = False

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The dashboard of the person's office, or the rooms alone for who sees no case."""
        from caseworks.oversight.views.pages import index

        return index(request, self.get_app_list(request))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The supervisors' pages before Django's own, which end in a pattern for everything."""
        from caseworks.oversight.urls import patterns

        return [*patterns(self.admin_view), *super().get_urls()]
