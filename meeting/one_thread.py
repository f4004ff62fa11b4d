"""All middlewares of a request in one thread: the innermost of them, after which Django's own choose the same way.

Django's middlewares can be synchronous or not, and go by what comes after them. Behind an asynchronous handler each
of them would go to a thread and come back twice a request, which took longer than all the pages' own work."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

Answer = Callable[[HttpRequest], HttpResponse]


@sync_only_middleware
def one_thread(get_response: Answer) -> Answer:
    """Nothing but synchronous. Views that are asynchronous still run on the event loop."""
    return get_response
