"""Addresses of the registry's pages, below /desk/."""

from django.urls import path

from caseworks.registry.views import units

app_name = "registry"
urlpatterns = [
    path("units/", units.unit_list, name="unit_list"),
    path("units/totals", units.unit_totals, name="unit_totals"),
    path("units/export.<str:form>", units.unit_export, name="unit_export"),
    path("units/<str:uscc>/", units.unit_detail, name="unit_detail"),
]
