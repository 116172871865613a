"""The public pages of money."""

from django.urls import path

from caseworks.money.views import year_end

app_name = "final_calls"
urlpatterns = [
    path("", year_end.public_calls, name="list"),
    path("<int:pk>/", year_end.public_call, name="call"),
]
