"""The public page, the workbench and the health check."""

from django.urls import path

from caseworks.desk import receipts, views

app_name = "desk"
urlpatterns = [
    path("", views.public, name="public"),
    path("healthz", views.health, name="health"),
    path("notices/receipts/", receipts.take, name="notice_receipts"),
    path("desk/", views.home, name="home"),
]
