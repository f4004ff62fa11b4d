"""The application that Daphne serves: HTTP by Django, WebSockets by Channels."""

import os

from channels.routing import ProtocolTypeRouter
from channels.sessions import CookieMiddleware
from django import setup
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meeting.settings")
setup(set_prefix=False)  # loads the apps, which routing needs

from meeting.routing import websockets  # noqa: E402
from meeting.serving.proxy_headers import forwarded  # noqa: E402
from meeting.serving.single_thread_handler import SingleThreadHandler  # noqa: E402
from meeting.serving.thread_pool import RequestThreads  # noqa: E402

http = RequestThreads(SingleThreadHandler())
application = forwarded(
    ProtocolTypeRouter({"http": http, "websocket": CookieMiddleware(websockets)}), settings.PROXY_HEADERS
)
