"""Addresses of a worker's own pages, below /portal/subsidies/."""

from __future__ import annotations

from django.urls import path

from subsidies.views import portal

app_name = "my_subsidies"
urlpatterns = [
    path("", portal.enter, name="enter"),
    path("code/", portal.code, name="code"),
    path("my/", portal.home, name="home"),
    path("my/claim/", portal.claim, name="claim_new"),
    path("my/claims/<int:pk>/", portal.my_claim, name="claim"),
    path("my/claims/<int:pk>/look/", portal.look, name="look"),
    path("my/looks/<int:pk>/letter/", portal.look_letter, name="look_letter"),
]
