"""Origin check: only pages of the same host may open a WebSocket."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def same_origin(scope: dict[str, Any]) -> bool:
    """Whether the Origin of a WebSocket handshake is the host it asks for, and that host is one of ours.

    Channels' own validator follows ALLOWED_HOSTS, so `*` there opens the socket to every site.
    What sends no Origin is no browser, and no other site's page can be behind it.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"origin")}
    host, origin = headers.get(b"host", ""), headers.get(b"origin")
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    if origin is None:
        return True
    page = urlsplit(origin)
    # where cookies travel over HTTPS alone, a page that came in plain may be anybody's
    plain = settings.SESSION_COOKIE_SECURE and page.scheme != "https"
    return not plain and page.netloc.lower() == host.lower()
