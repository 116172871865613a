"""The refund's pages, below /desk/."""

from django.urls import path

from refunds.views import assessments, exports, screenings, why

app_name = "refunds"
urlpatterns = [
    path("refunds/", assessments.assessment_list, name="assessment_list"),
    path("refunds/totals/", assessments.assessment_totals, name="assessment_totals"),
    path("refunds/export/<str:form>/", exports.assessment_export, name="assessment_export"),
    path("refunds/<int:year>/<str:uscc>/", assessments.assessment_detail, name="assessment_detail"),
    path("refunds/screenings/", screenings.screening_list, name="screening_list"),
    path("refunds/screenings/new/", screenings.screening_new, name="screening_new"),
    path("refunds/screenings/new/basis/", screenings.screening_basis, name="screening_basis"),
    path("refunds/screenings/<int:pk>/", screenings.screening_detail, name="screening_detail"),
    path("refunds/screenings/<int:pk>/progress/", screenings.screening_progress, name="screening_progress"),
    path("refunds/screenings/<int:pk>/changes/", screenings.screening_changes, name="screening_changes"),
    path("refunds/screenings/<int:pk>/changes/export/<str:form>/", exports.change_export, name="change_export"),
    path("why/", why.why, name="why"),
]
