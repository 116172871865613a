"""What comes back: recoveries and repayments, as part of the pages of money."""

from django.urls import path

from caseworks.money.views import recoveries, repayments, uses, year_end

urlpatterns = [
    path("uses/", uses.use_list, name="use_list"),
    path("uses/totals/", uses.use_totals, name="use_totals"),
    path("uses/ask/", uses.use_ask, name="use_ask"),
    path("uses/enter/", uses.use_enter, name="use_enter"),
    path("uses/export/<str:form>/", uses.use_export, name="use_export"),
    path("uses/<int:pk>/", uses.use_detail, name="use_detail"),
    path("uses/<int:pk>/vouchers/<int:line>/", uses.use_voucher, name="use_voucher"),
    path("left/", year_end.left_list, name="left_list"),
    path("left/waive/", year_end.left_waive, name="left_waive"),
    path("left/publish/", year_end.left_publish, name="left_publish"),
    path("left/export/<str:form>/", year_end.left_export, name="left_export"),
    path("left/calls/<int:pk>/", year_end.call_paper, name="call_paper"),
    path("recoveries/", recoveries.recovery_list, name="recovery_list"),
    path("recoveries/totals/", recoveries.recovery_totals, name="recovery_totals"),
    path("recoveries/new/", recoveries.recovery_new, name="recovery_new"),
    path("recoveries/export/<str:form>/", recoveries.recovery_export, name="recovery_export"),
    path("recoveries/repayments/", repayments.repayment_list, name="repayment_list"),
    path("recoveries/repayments/match/", repayments.repayment_match, name="repayment_match"),
    path("recoveries/repayments/<int:pk>/decide/", repayments.repayment_decide, name="repayment_decide"),
    path("recoveries/ledger/<str:form>/", repayments.ledger_export, name="ledger_export"),
    path("recoveries/<int:pk>/", recoveries.recovery_detail, name="recovery_detail"),
    path("recoveries/<int:pk>/act/", recoveries.recovery_act, name="recovery_act"),
    path("recoveries/<int:pk>/papers/<int:entry>/", recoveries.recovery_paper, name="recovery_paper"),
]
