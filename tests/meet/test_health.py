"""What a balancer and an operator ask."""

import json

from django.test import AsyncClient

from meet.recognition import speech_client
from tests.speech_process import speaking


async def test_the_process_answers_whatever_is_behind_it(settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    assert (await AsyncClient().get("/livez")).status_code == 200


async def test_healthz_names_what_does_not_answer(transactional_db, settings):
    settings.SPEECH_URL, settings.ALLOWED_HOSTS = "http://127.0.0.1:9", ["testserver"]
    speech_client._client = None
    answer = await AsyncClient().get("/healthz")
    assert answer.status_code == 503
    body = json.loads(answer.content)
    assert (body["database"], body["channel_layer"], body["engine"]) == ("ok", "ok", "away")


async def test_healthz_is_200_when_everything_answers(transactional_db, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    with speaking() as (address, _process):
        settings.SPEECH_URL = address
        speech_client._client = None
        assert (await AsyncClient().get("/healthz")).status_code == 200
