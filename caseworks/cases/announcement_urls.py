"""The pages of announcements and objections for staff, below /desk/."""

from django.urls import path

from caseworks.cases.views import announcements, objections, second_looks

app_name = "announcements"
urlpatterns = [
    path("announcements/", announcements.announcement_list, name="announcement_list"),
    path("announcements/new/", announcements.announcement_new, name="announcement_new"),
    path("announcements/<int:pk>/", announcements.announcement_detail, name="announcement_detail"),
    path("announcements/<int:pk>/publish/", announcements.announcement_publish, name="announcement_publish"),
    path("announcements/<int:pk>/correct/", announcements.announcement_correct, name="announcement_correct"),
    path("announcements/<int:pk>/files/<str:ending>/", announcements.announcement_file, name="announcement_file"),
    path("announcements/<int:pk>/postings/new/", announcements.posting_new, name="posting_new"),
    path("announcements/<int:pk>/postings/<int:posting>/", announcements.posting_file, name="posting_file"),
    path("announcements/<int:pk>/discard/", announcements.announcement_discard, name="announcement_discard"),
    path("announcements/<int:pk>/objections/<int:position>/", objections.objection_enter, name="objection_enter"),
    path("objections/", objections.objection_list, name="objection_list"),
    path("objections/<int:pk>/", objections.objection_detail, name="objection_detail"),
    path("objections/<int:pk>/files/<int:file>/", objections.objection_file, name="objection_file"),
    path("objections/<int:pk>/letter/", objections.objection_letter, name="objection_letter"),
    path("second-looks/", second_looks.second_look_list, name="second_look_list"),
    path("second-looks/new/", second_looks.second_look_enter, name="second_look_enter"),
    path("second-looks/<int:pk>/", second_looks.second_look_detail, name="second_look_detail"),
    path("second-looks/<int:pk>/files/<int:file>/", second_looks.second_look_file, name="second_look_file"),
    path("second-looks/<int:pk>/letter/", second_looks.second_look_letter, name="second_look_letter"),
]
