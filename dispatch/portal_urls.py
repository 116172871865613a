"""Addresses of the agencies' portal, below /portal/dispatch/."""

from __future__ import annotations

from django.urls import path

from dispatch.views import own_applications as applications
from dispatch.views import own_obligations as obligations

app_name = "dispatch_portal"
urlpatterns = [
    path("", applications.home, name="home"),
    path("roster.xlsx", applications.roster_form, name="roster_form"),
    path("<int:year>/apply/", applications.apply, name="apply"),
    path("rosters/<int:run_id>/", applications.roster, name="roster"),
    path("rosters/<int:run_id>/progress/", applications.roster_progress, name="roster_progress"),
    path("applications/<int:pk>/", applications.application, name="application"),
    path("applications/<int:pk>/act/", applications.application_act, name="application_act"),
    path("applications/<int:pk>/attachments/", applications.attachment_add, name="attachment_add"),
    path("applications/<int:pk>/attachments/<int:attachment>/", applications.attachment_file, name="attachment_file"),
    path("obligations/", obligations.obligation_list, name="obligation_list"),
    path("obligations/<int:pk>/", obligations.obligation, name="obligation"),
    path("vouchers/<int:pk>/file/", obligations.voucher_file, name="voucher_file"),
    path("bars/<int:pk>/", obligations.bar, name="bar"),
    path("bars/<int:pk>/answer/", obligations.bar_answer, name="bar_answer"),
]
