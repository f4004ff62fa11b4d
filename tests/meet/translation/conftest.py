"""The translators, each with a server of its own; a room in which somebody speaks."""

import asyncio
import contextlib
import json

import pytest
from channels.layers import get_channel_layer
from deep_translator import constants

from meet import broadcast
from meet.translation.chatgpt import ChatGPT
from meet.translation.deepl import DeepL
from meet.translation.google import Google
from meet.translation.libre import Libre
from meet.translation.microsoft import Microsoft
from meet.translation.mymemory import MyMemory
from meet.translation.pacing import TimeLimits
from tests.meet.scene import make_scene
from tests.meet.translation import servers

ADDRESSES = {
    "google": {"GOOGLE_TRANSLATE": "/m"},
    "mymemory": {"MYMEMORY": "/get"},
    "deepl": {"DEEPL_FREE": "/free/{version}/", "DEEPL": "/paid/{version}/"},
    "microsoft": {"MICROSOFT_TRANSLATE": "/translate?api-version=3.0"},
}


def made(name, url, key=servers.KEY):
    """The translator, as the chain would make it."""
    return {
        "google": Google,
        "mymemory": MyMemory,
        "libre": lambda: Libre(url, key),
        "deepl": lambda: DeepL(key),
        "microsoft": lambda: Microsoft(key, "eastasia"),
        "chatgpt": lambda: Blocking(ChatGPT(key, f"{url}/v1", "any")),
    }[name]()


class Blocking:
    """A translator of several lines, asked for one as the others are: of several, the first that fails says why."""

    limits = TimeLimits(first=5, between=5)

    def __init__(self, provider):
        self.provider = provider
        self.speaks = provider.speaks

    def translate(self, *asks):
        told = asyncio.run(self.provider.translate_lines(asks, self.limits))
        texts = []
        for outcome in told.outcomes:
            if isinstance(outcome, Exception):
                raise outcome
            texts.append(outcome)
        return texts[0] if len(texts) == 1 else texts


@pytest.fixture
def serving(monkeypatch):
    """Start a translator's server and point deep-translator's address at it: `with serving("deepl") as server`."""

    @contextlib.contextmanager
    def start(name):
        with servers.Server(getattr(servers, name)) as server:
            for entry, path in ADDRESSES.get(name, {}).items():
                monkeypatch.setitem(constants.BASE_URLS, entry, server.url + path)
            yield server

    return start


@pytest.fixture
def scene():
    return make_scene()


@pytest.fixture
async def heard(scene):
    """What everybody in the room is sent."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(broadcast.group(scene.room.pk), channel)

    async def receive() -> dict:
        message = await asyncio.wait_for(layer.receive(channel), 30)
        return json.loads(message["event"])

    return receive
