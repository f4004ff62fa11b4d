"""Health checks: /livez (the process answers) and /healthz (database, channel layer and speech tier answer)."""

import asyncio
from collections.abc import Awaitable

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from meet import broadcast
from meet.orm_pool import pooled
from meet.recognition import speech_client

PATIENCE_SECONDS = 3


async def livez(request: HttpRequest) -> HttpResponse:
    """The process answers, whatever is behind it."""
    return HttpResponse("ok", content_type="text/plain")


async def healthz(request: HttpRequest) -> JsonResponse:
    """200 where database, channel layer and engine answer, 503 where one does not; which, in JSON."""
    names = ("database", "channel_layer", "engine")
    states = await asyncio.gather(_state(_database()), _state(broadcast.answers()), _state(_engine()))
    checks = dict(zip(names, states, strict=True))
    healthy = all(state == "ok" for state in states)
    return JsonResponse({"healthy": healthy, **checks}, status=200 if healthy else 503)


async def _state(check: Awaitable[None]) -> str:
    try:
        await asyncio.wait_for(check, PATIENCE_SECONDS)
    except (Error, *broadcast.UNREACHED, TimeoutError, speech_client.SpeechTierUnavailable) as error:
        return str(error) if isinstance(error, speech_client.SpeechTierUnavailable) else type(error).__name__
    return "ok"


@pooled
def _database() -> None:
    connection.cursor().execute("SELECT 1").close()


async def _engine() -> None:
    engine = await speech_client.engine()
    if engine.state != "ready":
        raise speech_client.SpeechTierUnavailable(engine.state, reached=False)
