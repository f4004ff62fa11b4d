"""Which view answers which address."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic.base import RedirectView

from meet import health
from meet.rooms import views
from meeting.https import trust_page

urlpatterns = [
    path("", views.lobby, name="lobby"),
    path("rooms/<str:slug>/", views.room, name="room"),
    path("rooms/<str:slug>/join/", views.join, name="join"),
    path("rooms/<str:slug>/host/", views.claim_host, name="claim_host"),
    path("", include("meet.record.urls")),
    path("language/", include("django.conf.urls.i18n")),
    path("https/", trust_page.page, name="https"),
    path("https/meeting-room.crt", trust_page.der, name="root_der"),
    path("https/meeting-room.pem", trust_page.pem, name="root_pem"),
    path("livez", health.livez),
    path("healthz", health.healthz),
    path("favicon.ico", RedirectView.as_view(url="/static/meet/icon.svg")),  # browsers ask without being told
    path("admin/", admin.site.urls),
]
