"""The application that Daphne serves: HTTP by Django, WebSockets by Channels."""

import os

from channels.routing import ProtocolTypeRouter
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meeting.settings")
http = get_asgi_application()  # loads the apps, which routing needs

from meeting.forwarded import forwarded  # noqa: E402
from meeting.lent_threads import LentThreads  # noqa: E402
from meeting.routing import websockets  # noqa: E402

application = forwarded(
    ProtocolTypeRouter({"http": LentThreads(http), "websocket": CookieMiddleware(websockets)}), settings.PROXY_HEADERS
)
