"""Addresses of dispatch at the desk, below /desk/dispatch/."""

from __future__ import annotations

from django.urls import path

from dispatch.views import agencies, applications, bars, obligations, replacements, rosters, vouchers

app_name = "dispatch"
urlpatterns = [
    path("applications/", applications.application_list, name="application_list"),
    path("applications/totals/", applications.application_totals, name="application_totals"),
    path("applications/export.<str:form>", applications.application_export, name="application_export"),
    path("applications/<int:pk>/", applications.application_detail, name="application_detail"),
    path("applications/<int:pk>/act/", applications.application_act, name="application_act"),
    path("applications/<int:pk>/attachments/", applications.attachment_add, name="attachment_add"),
    path("applications/<int:pk>/attachments/<int:attachment>/", applications.attachment_file, name="attachment_file"),
    path("applications/<int:pk>/replace/", replacements.replacement_new, name="replacement_new"),
    path("replacements/<int:run_id>/", replacements.replacement_check, name="replacement_check"),
    path("agencies/<str:uscc>/", agencies.agency_detail, name="agency_detail"),
    path("hosts/", agencies.host_list, name="host_list"),
    path("hosts/totals/", agencies.host_totals, name="host_totals"),
    path("hosts/export.<str:form>", agencies.host_export, name="host_export"),
    path("hosts/<str:uscc>/", agencies.host_detail, name="host_detail"),
    path("rosters/form.xlsx", applications.roster_form, name="roster_form"),
    path("rosters/new/", rosters.roster_new, name="roster_new"),
    path("rosters/<int:run_id>/", rosters.roster_check, name="roster_check"),
    path("rosters/<int:run_id>/progress/", rosters.roster_progress, name="roster_progress"),
    path("obligations/", obligations.obligation_list, name="obligation_list"),
    path("obligations/totals/", obligations.obligation_totals, name="obligation_totals"),
    path("obligations/export.<str:form>", obligations.obligation_export, name="obligation_export"),
    path("obligations/<int:pk>/", obligations.obligation_detail, name="obligation_detail"),
    path("obligations/<int:pk>/return/", obligations.obligation_return, name="obligation_return"),
    path("obligations/<int:pk>/extend/", obligations.obligation_extend, name="obligation_extend"),
    path("vouchers/", vouchers.voucher_list, name="voucher_list"),
    path("vouchers/totals/", vouchers.voucher_totals, name="voucher_totals"),
    path("vouchers/<int:pk>/", vouchers.voucher_detail, name="voucher_detail"),
    path("vouchers/<int:pk>/file/", vouchers.voucher_file, name="voucher_file"),
    path("vouchers/<int:pk>/decide/", vouchers.voucher_decide, name="voucher_decide"),
    path("vouchers/<int:pk>/annul/", vouchers.voucher_annul, name="voucher_annul"),
    path("bars/", bars.bar_list, name="bar_list"),
    path("bars/<int:pk>/", bars.bar_detail, name="bar_detail"),
    path("bars/<int:pk>/decide/", bars.bar_decide, name="bar_decide"),
    path("bars/<int:pk>/answers/<int:answer>/", bars.answer_file, name="bar_answer_file"),
]
