"""The pages of cases in the portal."""

from django.urls import path

from caseworks.cases.views import second_looks

app_name = "second_looks"
urlpatterns = [path("", second_looks.portal_second_look, name="portal")]
