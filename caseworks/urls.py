"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("caseworks.people.urls")),
    path("", include("caseworks.desk.urls")),
    path("portal/uses/", include("caseworks.money.portal_urls")),
    path("portal/dispatch/", include("dispatch.portal_urls")),
    path("portal/second-look/", include("caseworks.cases.portal_urls")),
    path("portal/subsidies/", include("subsidies.portal_urls")),
    path("portal/", include("caseworks.desk.portal.urls")),
    path("announcements/", include("caseworks.cases.public_urls")),
    path("final-calls/", include("caseworks.money.public_urls")),
    path("desk/", include("caseworks.cases.announcement_urls")),
    path("desk/", include("caseworks.desk.documents.urls")),
    path("desk/", include("caseworks.desk.notices.urls")),
    path("desk/", include("caseworks.registry.urls")),
    path("desk/", include("caseworks.cases.urls")),
    path("desk/", include("caseworks.money.urls")),
    path("desk/", include("caseworks.books.urls")),
    path("desk/", include("refunds.urls")),
    path("desk/dispatch/", include("dispatch.urls")),
    path("desk/subsidies/", include("subsidies.urls")),
    path("admin/", admin.site.urls),
]
