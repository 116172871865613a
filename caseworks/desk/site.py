"""The supervisors' and administrators' site at /admin/: Django's own, with the way back to the desk."""

from __future__ import annotations

from caseworks.people.access import RoleSite


class CaseworksAdminSite(RoleSite):
    """Policy, calendar, people and offices."""

    site_header = "失业保险援企稳岗 · 管理"
    site_title = "管理"
    index_title = "政策、日历、人员和机构"
    site_url = "/desk/"
    enable_nav_sidebar = False
