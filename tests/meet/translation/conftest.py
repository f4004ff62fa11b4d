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
        "chatgpt": lambda: ChatGPT(key, f"{url}/v1", "any"),
    }[name]()


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
