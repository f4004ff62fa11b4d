"""URLs of the record: its lines, its pages and the files below media/."""

from django.urls import path

from meet.record import line_views, views

urlpatterns = [
    path("media/<path:path>", views.file, name="media"),
    path("rooms/<str:slug>/lines.json", line_views.page, name="lines"),
    path("rooms/<str:slug>/record/", views.meetings, name="record"),
    path("rooms/<str:slug>/record/<str:folder>/", views.meeting, name="record_meeting"),
    path("rooms/<str:slug>/record/<str:folder>/withdraw/", views.withdraw, name="withdraw"),
    path("staff/meetings/", views.staff_meetings, name="staff_meetings"),
    path("staff/meetings/<int:meeting_id>/", views.staff_meeting, name="staff_meeting"),
]
