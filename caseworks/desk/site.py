from django.contrib.admin import AdminSite


class CaseworksAdminSite(AdminSite):
    """The supervisors' and administrators' site at /admin/."""

    site_header = "Caseworks 管理"
    site_title = "Caseworks"
    index_title = "管理"
