"""Addresses of the registry's pages, below /desk/."""

from django.urls import path

from caseworks.registry.views import accounts, imports, retirements, units

app_name = "registry"
urlpatterns = [
    path("units/", units.unit_list, name="unit_list"),
    path("units/totals", units.unit_totals, name="unit_totals"),
    path("units/export.<str:form>", units.unit_export, name="unit_export"),
    path("units/<str:uscc>/", units.unit_detail, name="unit_detail"),
    path("units/<str:uscc>/account/new", accounts.account_new, name="account_new"),
    path("units/<str:uscc>/cards", units.unit_cards, name="unit_cards"),
    path("units/<str:uscc>/history", units.unit_history, name="unit_history"),
    path("imports/", imports.import_list, name="import_list"),
    path("imports/new", imports.import_new, name="import_new"),
    path("imports/preview/<int:run_id>/", imports.preview, name="import_preview"),
    path("imports/preview/<int:run_id>/progress", imports.preview_progress, name="preview_progress"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/progress", imports.import_progress, name="import_progress"),
    path("imports/<int:pk>/errors.csv", imports.import_errors, name="import_errors"),
    path("imports/<int:pk>/retirements/", retirements.of_file, name="retirements_of_file"),
    path("retirements/", retirements.retirements, name="retirements"),
    path("accounts/", accounts.account_proposals, name="account_proposals"),
]
