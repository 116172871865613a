"""The public page, the workbench and the health check."""

from django.urls import path

from caseworks.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.public, name="public"),
    path("healthz", views.health, name="health"),
    path("desk/", views.home, name="home"),
]
