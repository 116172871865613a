"""Addresses of dispatch at the desk, below /desk/dispatch/."""

from __future__ import annotations

from django.urls import path

from dispatch.views import applications, rosters

app_name = "dispatch"
urlpatterns = [
    path("applications/", applications.application_list, name="application_list"),
    path("applications/totals/", applications.application_totals, name="application_totals"),
    path("applications/export.<str:form>", applications.application_export, name="application_export"),
    path("applications/<int:pk>/", applications.application_detail, name="application_detail"),
    path("applications/<int:pk>/act/", applications.application_act, name="application_act"),
    path("applications/<int:pk>/attachments/", applications.attachment_add, name="attachment_add"),
    path("applications/<int:pk>/attachments/<int:attachment>/", applications.attachment_file, name="attachment_file"),
    path("rosters/form.xlsx", applications.roster_form, name="roster_form"),
    path("rosters/new/", rosters.roster_new, name="roster_new"),
    path("rosters/<int:run_id>/", rosters.roster_check, name="roster_check"),
    path("rosters/<int:run_id>/progress/", rosters.roster_progress, name="roster_progress"),
]
