"""The addresses of the portal; schemes add theirs below `/portal/<scheme>/`."""

from django.urls import path

from caseworks.desk.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("choose/", views.choose, name="choose"),
    path("messages/", views.message_list, name="message_list"),
    path("messages/<int:pk>/", views.message, name="message"),
    path("documents/", views.document_list, name="document_list"),
    path("documents/<int:pk>/", views.document, name="document"),
    path("account/", views.account, name="account"),
]
