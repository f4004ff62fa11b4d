"""The addresses of the record: its lines, its pages and the files below media/."""

from django.urls import path

from meet import line_views, record_views

urlpatterns = [
    path("media/<path:path>", record_views.file, name="media"),
    path("rooms/<str:slug>/lines.json", line_views.page, name="lines"),
    path("rooms/<str:slug>/record/", record_views.meetings, name="record"),
    path("rooms/<str:slug>/record/<str:folder>/", record_views.meeting, name="record_meeting"),
    path("rooms/<str:slug>/record/<str:folder>/withdraw/", record_views.withdraw, name="withdraw"),
    path("staff/meetings/", record_views.staff_meetings, name="staff_meetings"),
    path("staff/meetings/<int:meeting_id>/", record_views.staff_meeting, name="staff_meeting"),
]
