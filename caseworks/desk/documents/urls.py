"""The addresses of papers on the desk."""

from django.urls import path

from caseworks.desk.documents import views

app_name = "documents"
urlpatterns = [
    path("documents/", views.document_list, name="document_list"),
    path("documents/<int:pk>/", views.document_detail, name="document_detail"),
    path("documents/<int:pk>/paper/", views.document_paper, name="document_paper"),
    path("documents/<int:pk>/scans/", views.document_seal, name="document_seal"),
    path("documents/<int:pk>/scans/<int:scan>/", views.document_scan, name="document_scan"),
]
