"""Which consumer answers which WebSocket address."""

from channels.routing import URLRouter
from django.urls import path

from meet.socket.consumer import RoomConsumer

websockets = URLRouter([path("ws/rooms/<str:slug>/", RoomConsumer.as_asgi())])
