"""Django request handler that runs all synchronous work of a request in one thread.

Its own goes from the event loop to a thread and back for the middlewares and, between them and the page, once more;
and in front of middlewares that could be either it would do so for each of them."""

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class SingleThreadHandler(ASGIHandler):
    """An ASGI application. Views that are asynchronous still run on the event loop."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        return await sync_to_async(self.get_response)(request)
