"""The use of funds in the portal."""

from django.urls import path

from caseworks.money.views import uses

app_name = "uses"
urlpatterns = [
    path("", uses.portal_uses, name="list"),
    path("<str:scheme>/<int:year>/", uses.portal_report, name="report"),
]
