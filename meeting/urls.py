"""Which view answers which address."""

from django.contrib import admin
from django.urls import include, path

from meet import health, views

urlpatterns = [
    path("", views.lobby, name="lobby"),
    path("rooms/<str:slug>/", views.room, name="room"),
    path("rooms/<str:slug>/join/", views.join, name="join"),
    path("rooms/<str:slug>/host/", views.claim_host, name="claim_host"),
    path("", include("meet.record_urls")),
    path("language/", include("django.conf.urls.i18n")),
    path("livez", health.livez),
    path("healthz", health.healthz),
    path("admin/", admin.site.urls),
]
