"""Plain HTTP requests where HTTPS is served: the root certificate's page, health checks, and a redirect to HTTPS.

The way is shown for this once: a browser that kept it would not find a plain server that runs here tomorrow."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import sync_only_middleware

# what must be had before the root is trusted, and what asks this process how it is
OPEN = ("/https/", settings.STATIC_URL)
HEALTH = ("/livez", "/healthz", "/metrics")

Answer = Callable[[HttpRequest], HttpResponse]


@sync_only_middleware
def plain_door(get_response: Answer) -> Answer:
    """Django's middleware: nothing else is reached without HTTPS."""
    return lambda request: at_the_door(request) or get_response(request)


def at_the_door(request: HttpRequest) -> HttpResponse | None:
    """The answer to a request that came in plain; None for what may go on."""
    if request.is_secure() or request.path in HEALTH or request.path.startswith(OPEN):
        return None
    secure = f"https://{request.get_host()}{request.get_full_path()}"
    if request.method not in ("GET", "HEAD"):
        return HttpResponseForbidden(f"Only over HTTPS: {secure}", content_type="text/plain; charset=utf-8")
    way = HttpResponseRedirect(secure)
    if settings.HTTPS_ROOT:  # the browser may not know our root yet: that page finds out, and goes on where it does
        way = HttpResponseRedirect(f"{reverse('https')}?{urlencode({'next': request.get_full_path()})}")
    way["Cache-Control"] = "no-store"
    return way
