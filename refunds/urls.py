"""The refund's pages, below /desk/."""

from django.urls import path

from refunds.views import assessments, exports, screenings, why
from refunds.views import determinations as facts

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
    path("refunds/screenings/<int:pk>/again/", screenings.screening_again, name="screening_again"),
    path("refunds/screenings/<int:pk>/progress/", screenings.screening_progress, name="screening_progress"),
    path("refunds/screenings/<int:pk>/changes/", screenings.screening_changes, name="screening_changes"),
    path("refunds/screenings/<int:pk>/changes/export/<str:form>/", exports.change_export, name="change_export"),
    path("refunds/determinations/", facts.determination_list, name="determination_list"),
    path("refunds/determinations/manual/", facts.manual_list, name="manual_list"),
    path("refunds/determinations/new/<int:year>/<str:uscc>/", facts.determination_new, name="determination_new"),
    path("refunds/determinations/sheet/", facts.determination_sheet, name="determination_sheet"),
    path("refunds/determinations/sheet/template/", facts.sheet_template, name="determination_sheet_template"),
    path("refunds/determinations/<int:pk>/", facts.determination_detail, name="determination_detail"),
    path("refunds/determinations/<int:pk>/evidence/", facts.determination_evidence, name="determination_evidence"),
    path("why/", why.why, name="why"),
]
