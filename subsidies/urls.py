"""Addresses of the skill subsidy at the desk, below /desk/subsidies/."""

from __future__ import annotations

from django.urls import path

from subsidies.views import cards, claims, counter, files, invitations, overlaps, statistics, workers

app_name = "subsidies"
urlpatterns = [
    path("", claims.claim_list, name="claim_list"),
    path("totals/", claims.claim_totals, name="claim_totals"),
    path("export.<str:form>", claims.claim_export, name="claim_export"),
    path("<int:pk>/", claims.claim_detail, name="claim_detail"),
    path("<int:pk>/look-up/", claims.claim_look_up, name="claim_look_up"),
    path("new/", counter.claim_new, name="claim_new"),
    path("workers/<int:pk>/", workers.worker_detail, name="worker_detail"),
    path("workers/<int:pk>/card/", cards.card_new, name="card_new"),
    path("cards/", cards.card_list, name="card_list"),
    path("cards/decide/", cards.card_decide, name="card_decide"),
    path("files/", files.file_list, name="file_list"),
    path("files/new/", files.file_new, name="file_new"),
    path("files/<int:pk>/", files.file_detail, name="file_detail"),
    path("files/<int:pk>/progress/", files.file_progress, name="file_progress"),
    path("files/<int:pk>/again/", files.file_again, name="file_again"),
    path("files/<int:pk>/errors.csv", files.file_errors, name="file_errors"),
    path("overlaps/", overlaps.overlap_list, name="overlap_list"),
    path("overlaps/look/", overlaps.overlap_look, name="overlap_look"),
    path("overlaps/<int:pk>/dismiss/", overlaps.overlap_dismiss, name="overlap_dismiss"),
    path("invitations/", invitations.invitation_list, name="invitation_list"),
    path("invitations/run/", invitations.invitation_run, name="invitation_run"),
    path("invitations/<int:pk>/progress/", invitations.invitation_progress, name="invitation_progress"),
    path("statistics/", statistics.statistics, name="statistics"),
    path("statistics/<str:table>.<str:form>", statistics.statistics_export, name="statistics_export"),
]
