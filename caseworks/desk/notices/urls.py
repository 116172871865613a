"""The addresses of notices on the desk."""

from django.urls import path

from caseworks.desk.notices import blocks, views

app_name = "notices"
urlpatterns = [
    path("notices/", views.notice_list, name="notice_list"),
    path("notices/totals/", views.notice_totals, name="notice_totals"),
    path("notices/resend/", views.notice_resend, name="notice_resend"),
    path("notices/<int:pk>/", views.notice_detail, name="notice_detail"),
    path("notices/blocks/", blocks.block_list, name="block_list"),
    path("notices/blocks/<int:pk>/lift/", blocks.block_lift, name="block_lift"),
]
