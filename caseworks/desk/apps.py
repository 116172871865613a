from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    """Django's admin, with our site (index and pages for supervisors)."""

    default_site = "caseworks.desk.site.CaseworksAdminSite"


class DeskConfig(AppConfig):
    name = "caseworks.desk"
    label = "desk"
    verbose_name = "工作台"
