"""The public pages of announcements."""

from django.urls import path

from caseworks.cases.views import public, second_looks

app_name = "public"
urlpatterns = [
    path("", public.announcement_list, name="announcement_list"),
    path("second-look/", second_looks.second_look_new, name="second_look_new"),
    path("second-look/<int:number>/", second_looks.second_look_received, name="second_look_received"),
    path("<str:slug>/", public.announcement, name="announcement"),
    path("<str:slug>/list.xlsx", public.announcement_xlsx, name="announcement_xlsx"),
    path("<str:slug>/notice.pdf", public.announcement_pdf, name="announcement_pdf"),
    path("<str:slug>/objections/<int:position>/", public.objection_new, name="objection_new"),
    path("<str:slug>/objections/received/<int:number>/", public.objection_received, name="objection_received"),
]
