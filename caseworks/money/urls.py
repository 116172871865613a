"""The pages of money, below /desk/."""

from django.urls import include, path

from caseworks.money.views import batches, declarations, finance, fund, payments, reconciliation, results, returned

app_name = "money"
urlpatterns = [
    path("batches/", batches.batch_list, name="batch_list"),
    path("batches/totals/", batches.batch_totals, name="batch_totals"),
    path("batches/export.<str:form>", batches.batch_export, name="batch_export"),
    path("batches/new/", batches.batch_new, name="batch_new"),
    path("batches/<int:pk>/", batches.batch_detail, name="batch_detail"),
    path("batches/<int:pk>/act/", batches.batch_act, name="batch_act"),
    path("batches/<int:pk>/file/", batches.batch_file, name="batch_file"),
    path("batches/<int:pk>/application/", finance.application_make, name="application_make"),
    path("batches/<int:pk>/application.pdf", finance.application_pdf, name="application_pdf"),
    path("batches/<int:pk>/application.xlsx", finance.application_xlsx, name="application_xlsx"),
    path("batches/<int:pk>/application/sealed/", finance.application_sealed, name="application_sealed"),
    path("batches/<int:pk>/list.pdf", finance.list_pdf, name="batch_list_pdf"),
    path("batches/<int:pk>/list.xlsx", finance.list_xlsx, name="batch_list_xlsx"),
    path("payments/", payments.payment_list, name="payment_list"),
    path("payments/totals/", payments.payment_totals, name="payment_totals"),
    path("payments/export.<str:form>", payments.payment_export, name="payment_export"),
    path("payments/results/", results.result_list, name="result_list"),
    path("payments/results/book/", results.result_book, name="result_book"),
    path("payments/results/<int:pk>/", results.result_detail, name="result_detail"),
    path("payments/results/<int:pk>/returned.xlsx", results.result_export, name="result_export"),
    path("payments/returned/", returned.returned_list, name="returned_list"),
    path("payments/returned/resend/", returned.returned_resend, name="returned_resend"),
    path("reconciliation/", reconciliation.reconciliation_list, name="reconciliation_list"),
    path("reconciliation/take/", reconciliation.statement_take, name="statement_take"),
    path("reconciliation/<int:office>/<str:month>/", reconciliation.reconciliation_month, name="reconciliation_month"),
    path("reconciliation/<int:office>/<str:month>/act/", reconciliation.reconciliation_act, name="reconciliation_act"),
    path("reconciliation/<int:office>/line/<int:pk>/", reconciliation.reconciliation_line, name="reconciliation_line"),
    path(
        "reconciliation/<int:office>/<str:month>/lines.xlsx",
        reconciliation.reconciliation_export,
        name="reconciliation_export",
    ),
    path("accounts/declarations/", declarations.declaration_list, name="declaration_list"),
    path("accounts/declarations/<int:pk>/file", declarations.declaration_file, name="declaration_file"),
    path("fund/", fund.month_list, name="fund_months"),
    path("payments/<int:pk>/", payments.payment_detail, name="payment_detail"),
    path("", include("caseworks.money.recovery_urls")),
    path("payments/<int:pk>/act/", payments.payment_act, name="payment_act"),
]
