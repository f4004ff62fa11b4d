"""Somebody speaks in a room whose translator is a LibreTranslate of the tests' own; for modules that import it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from meet import translation
from meet.models import Translation
from meet.orm_pool import pooled
from tests.meet.scene import translations

SENTENCE = "We need sixty-five people."


@pytest.fixture(autouse=True)
async def empty_desk():
    yield
    await translation.close()


@pytest.fixture(autouse=True)
def through_libre(settings, libre):
    settings.TRANSLATOR, settings.LIBRE_URL = ["libre"], libre.url


@pooled
def said(scene, text=SENTENCE, language="en", **more):
    return scene.say(text, language, **more)


@pooled
def of(caption):
    return translations(caption)


@pooled
def make_due() -> int:
    return Translation.objects.filter(state="waiting").update(next_try_at=timezone.now() - timedelta(seconds=1))
