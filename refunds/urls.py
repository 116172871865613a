"""The refund's pages, below /desk/."""

from django.urls import path

from refunds.views import assessments, decisions, differences, exports, recalculations, screenings, successions, why
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
    path("refunds/differences/", differences.difference_list, name="difference_list"),
    path("refunds/differences/totals/", differences.difference_totals, name="difference_totals"),
    path("refunds/differences/decide/", differences.difference_decide, name="difference_decide"),
    path("refunds/differences/export/<str:form>/", differences.difference_export, name="difference_export"),
    path("refunds/differences/<int:pk>/", differences.difference_detail, name="difference_detail"),
    path("refunds/differences/<int:pk>/decline/", differences.difference_decline, name="difference_decline"),
    path("refunds/recalculations/new/", recalculations.recalculation_new, name="recalculation_new"),
    path("refunds/recalculations/<int:pk>/", recalculations.recalculation_detail, name="recalculation_detail"),
    path(
        "refunds/recalculations/<int:pk>/progress/",
        recalculations.recalculation_progress,
        name="recalculation_progress",
    ),
    path("refunds/cases/<int:case>/decision/", decisions.decision_issue, name="decision_issue"),
    path("successions/", successions.succession_list, name="succession_list"),
    path("successions/new/", successions.succession_new, name="succession_new"),
    path("successions/<int:pk>/", successions.succession_detail, name="succession_detail"),
    path("successions/<int:pk>/file/", successions.succession_file, name="succession_file"),
    path("why/", why.why, name="why"),
]
