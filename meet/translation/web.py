"""The `requests` that deep-translator's modules are given: with time limits, and without cookies."""

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter

CONNECT_SECONDS = 3.0
READ_SECONDS = 7.0
CONNECTIONS = 8


class Web:
    """What deep-translator calls on the module `requests`. It sets no limits itself and would wait for ever."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS))

    def get(self, url: str, params: Mapping[str, str], proxies: Mapping[str, str] | None = None) -> requests.Response:
        """Ask by address, as Google's page wants it."""
        return self._session.get(
            url,
            params=dict(params),
            proxies=dict(proxies) if proxies else None,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
        )

    def post(self, url: str, params: Mapping[str, str]) -> requests.Response:
        """Ask in the body: what stands in an address ends up in the logs of every server on the way."""
        return self._session.post(url, data=dict(params), timeout=(CONNECT_SECONDS, READ_SECONDS))
