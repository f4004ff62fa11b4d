"""English by the speech model: where it is chosen, and where no translator answers."""

import asyncio
import json
import uuid
from datetime import timedelta

import httpx
import pytest
import soundfile
from django.conf import settings as django_settings
from django.utils import timezone

from meet import pipeline, translation
from meet.models import Clip, Meeting, Translation
from meet.orm_pool import pooled
from meet.recognition import engine_status, speech_client
from meet.record import record, transcript_files
from meet.translation import Planned, chain, plan, possible, queue, translation_jobs, wants_english
from tests.libretranslate import libre
from tests.meet.scene import make_scene
from tests.meet.translation.speaking import empty_desk, make_due, of, through_libre
from tests.sentences import sentences
from tests.speech import sounds

__all__ = ["empty_desk", "libre", "through_libre"]
pytestmark = pytest.mark.django_db(transaction=True)

HELLO = sentences("zh", exact=True)[0]
THANKS = "Thank you everyone, the meeting is over."  # what the translator of these tests makes of it


@pytest.fixture
def translating(monkeypatch):
    """The speech tier is there, and its model translates."""
    monkeypatch.setattr(engine_status, "_last", speech_client.Engine("ready", "base", demo=False))
    monkeypatch.setattr(engine_status, "_translates", True)


@pytest.fixture
async def scene():
    """The meeting is now: of old speech nothing is replaced."""
    return await pooled(lambda: make_scene(started_at=timezone.now() - timedelta(minutes=5)))()


@pytest.fixture
async def listening(tier):
    """The real speech process, and it is known what it can."""
    await engine_status.refresh()
    assert engine_status.translates()


@pooled
def spoke(scene, audio=HELLO.audio, text=HELLO.text, english="", after=0.0):
    """Somebody said this; its sound lies in media."""
    clip = scene.clip(after=after)
    soundfile.write(django_settings.MEDIA_ROOT / clip.audio, audio, 16_000, format="FLAC")
    with pipeline.transaction.atomic():
        spoken = pipeline.captions.CaptionSource(clip.pk, clip.meeting_id, clip.participant_id, clip.started_at)
        pipeline.captions.settle(spoken, "zh-Hant", text, english)
    return clip.caption


@pooled
def row(caption, language="en"):
    return Translation.objects.get(caption=caption, language=language)


async def swept():
    await make_due()
    await pooled(
        lambda: Translation.objects.filter(state="done", next_try_at__isnull=False).update(
            next_try_at=timezone.now() - timedelta(seconds=1)
        )
    )()
    await translation.sweep()
    await translation.idle()


async def give_up_on_translators(scene):
    """Lines that nobody answers to, until the translators are left alone."""
    for after in range(4):
        await spoke(scene, text=f"這是第 {after} 句話", after=after)
        await swept()
    assert not chain.configured().ready()


# --- when it is asked while a clip is heard ---------------------------------------------------------


@pytest.mark.parametrize(
    ("translators", "heard_as", "asked"),
    [
        (["whisper"], "zh", True),
        (["whisper"], "", True),
        (["whisper"], "en", False),
        (["whisper", "google"], "zh", True),
        (["google", "whisper"], "zh", False),
        (["google"], "zh", False),
        (["off"], "zh", False),
        (["libre"], "sv", True),  # a language that translator does not know
    ],
)
def test_english_is_asked_for_with_the_clip_only_where_it_will_be_needed(
    settings, translating, translators, heard_as, asked
):
    settings.TRANSLATOR = translators
    assert wants_english(heard_as) is asked


def test_english_is_not_asked_for_where_nobody_reads_it_or_the_model_does_not_translate(
    settings, translating, monkeypatch
):
    settings.TRANSLATOR, settings.TRANSLATE_TO = ["whisper"], ["zh-Hant", "ja"]
    assert not wants_english("zh")
    settings.TRANSLATE_TO = ["en"]
    assert wants_english("zh")
    monkeypatch.setattr(engine_status, "_translates", False)
    assert not wants_english("zh")


async def test_english_is_asked_for_with_the_clip_once_a_translator_has_failed(scene, libre, translating):
    assert not wants_english("zh")
    libre.mode = "gone"
    await spoke(scene)
    await swept()
    assert wants_english("zh")
    libre.mode = "ok"
    await swept()
    assert not wants_english("zh")


# --- what is promised -------------------------------------------------------------------------------


def test_the_speech_model_alone_promises_english_alone(settings, translating):
    settings.TRANSLATOR = ["whisper"]
    assert plan("zh-Hant", "謝謝") == [Planned("zh-Hans", "谢谢", "opencc"), Planned("en", "", "")]
    assert plan("en", "Hello") == []
    assert not possible("ja", "zh-Hant")


def test_english_that_came_with_the_clip_is_there_at_once(settings, translating):
    settings.TRANSLATE_TO = ["en"]
    assert plan("ja", "こんにちは", "Hello") == [Planned("en", "Hello", "whisper", stand_in=True)]
    settings.TRANSLATOR = ["whisper", "libre"]
    assert plan("ja", "こんにちは", "Hello") == [Planned("en", "Hello", "whisper")]


def test_english_that_is_the_text_itself_is_none(settings, translating):
    settings.TRANSLATE_TO = ["en"]
    assert plan("ja", "こんにちは", "こんにちは") == [Planned("en", "", "")]


# --- a clip's whole way -----------------------------------------------------------------------------


async def test_a_clip_is_captioned_with_its_english_where_the_speech_model_is_chosen(
    cast, listening, settings, monkeypatch
):
    from tests.meet.test_pipeline import said

    settings.TRANSLATOR = ["whisper"]
    clip = await said(cast.alice, HELLO.path.read_bytes())
    told = []

    async def tell(_room, event):
        told.append(json.loads(event))

    monkeypatch.setattr(pipeline.broadcast, "send", tell)
    await pipeline.caption(clip)
    [event] = [one for one in told if one["type"] == "caption"]
    english = next(one for one in event["translations"] if one["lang"] == "en")
    assert (event["text"], english["state"], english["provider"]) == (HELLO.text, "done", "whisper")
    assert "meeting" in english["text"]
    assert (await row(clip)).next_try_at is None  # it is the chosen one, and stays


# --- afterwards, from the sound that is kept ---------------------------------------------------------


async def test_a_line_that_no_translator_answers_gets_its_english_from_its_sound(scene, listening, libre, heard):
    libre.mode = "gone"
    caption = await spoke(scene)
    await translation.request(caption.pk)
    await translation.idle()
    event = await heard()
    assert (event["type"], event["lang"], event["state"], event["provider"]) == ("translation", "en", "done", "whisper")
    assert "meeting" in event["text"]
    assert (await of(caption))["ja"] == ""
    assert {line.by_speech_model for line in await pooled(record.lines)(scene.meeting)} == {frozenset({"en"})}


async def test_where_the_translators_are_left_alone_only_english_is_taken_up(scene, listening, libre):
    libre.mode = "gone"
    await give_up_on_translators(scene)
    caption = await spoke(scene, after=9)
    libre.asked.clear()
    await translation.sweep()
    await translation.idle()
    assert "meeting" in (await row(caption)).text
    assert (await row(caption, "ja")).attempts == 0


async def test_a_translator_that_is_back_replaces_what_stood_in_for_it_and_no_line_vanishes(
    scene, listening, libre, heard
):
    libre.mode = "gone"
    caption = await spoke(scene, english="Thanks, the meeting end.")
    texts = [(await row(caption)).text]
    await swept()
    texts.append((await row(caption)).text)
    libre.mode = "ok"
    for _ in range(2):  # what waits is asked for first; only then it is known that the translator is back
        await swept()
        texts.append((await row(caption)).text)
    assert texts[:2] == ["Thanks, the meeting end."] * 2
    assert "" not in texts
    done = await row(caption)
    assert (done.text, done.provider, done.state, done.next_try_at) == (THANKS, "libre", "done", None)
    told = [await heard() for _ in range(2)]
    assert (THANKS, "libre") in [(event["text"], event["provider"]) for event in told]


async def test_a_translator_is_asked_again_where_every_line_has_the_models_english(scene, translating, libre, settings):
    settings.TRANSLATE_TO = ["en"]
    libre.mode = "gone"
    caption = await spoke(scene, english="Thanks, the meeting end.")
    await swept()
    assert wants_english("zh")
    libre.mode = "ok"
    await swept()
    assert (await row(caption)).text == THANKS
    assert not wants_english("zh")


async def test_the_files_have_the_speech_models_words_unmarked_and_then_the_translators(scene, translating, libre):
    caption = await spoke(scene, english="Thanks, the meeting end.")
    lines = await pooled(lambda: tuple(record.lines(scene.meeting)))()
    assert transcript_files.render(lines, "en", scene.meeting.started_at).endswith("Alice: Thanks, the meeting end.\n")
    before = await pooled(lambda: Meeting.objects.get().seq)()
    await swept()
    await swept()
    assert (await row(caption)).text == THANKS
    assert await pooled(lambda: Meeting.objects.get().seq)() > before  # and so the files are due


async def test_what_was_said_more_than_an_hour_ago_keeps_the_speech_models_words(listening, libre):
    old = await pooled(lambda: make_scene("old", started_at=timezone.now() - timedelta(hours=2)))()
    caption = await spoke(old, english="Thanks, the meeting end.")
    for _ in range(2):
        await swept()
    assert (await row(caption)).provider == "whisper"
    assert (await row(caption, "ja")).state == "done"


async def test_the_chosen_speech_models_words_are_not_replaced(scene, listening, libre, settings):
    settings.TRANSLATOR = ["whisper", "libre"]
    caption = await spoke(scene, english="Thanks, the meeting end.")
    for _ in range(2):
        await swept()
    assert (await row(caption)).provider == "whisper"
    assert "en" not in {target for _source, target, _text in libre.asked}
    assert (await row(caption, "ja")).provider == "libre"


async def test_a_translators_answer_comes_in_place_of_the_models_and_never_the_other_way_round(scene, translating):
    caption = await spoke(scene)
    job = next(job for job in await translation_jobs.of_clip(caption.pk) if job.targets == ("en",))
    assert await translation_jobs.settle(job, {"en": "model"}, "whisper", timezone.now())
    assert await translation_jobs.settle(job, {"en": "translator"}, "libre")
    assert await translation_jobs.settle(job, {"en": "model"}, "whisper", timezone.now()) == []
    assert (await row(caption)).text == "translator"


async def test_sound_without_english_is_asked_for_once_and_the_line_waits_for_a_translator(scene, listening, libre):
    libre.mode = "gone"
    asked, translate = [], speech_client.translate

    async def counted(sound, **how):
        asked.append(how["clip"])
        return await translate(sound, **how)

    speech_client.translate = counted
    try:
        caption = await spoke(scene, audio=sounds.noise("white", 2.0, 0.001))
        for _ in range(3):
            await swept()
    finally:
        speech_client.translate = translate
    assert asked == [str(caption.pk)]
    assert (await row(caption)).state == "waiting"


async def test_a_promise_that_only_the_speech_model_could_keep_is_taken_back(scene, listening, settings):
    settings.TRANSLATOR = ["whisper"]
    caption = await spoke(scene, audio=sounds.noise("white", 2.0, 0.001))
    before = await pooled(lambda: Meeting.objects.get().seq)()
    await translation.request(caption.pk)
    await translation.idle()
    assert "en" not in await of(caption)
    assert await pooled(lambda: Meeting.objects.get().seq)() > before


async def test_sound_that_is_not_written_yet_is_waited_for(scene, listening, settings):
    settings.TRANSLATOR = ["whisper"]
    caption = await spoke(scene)
    kept = await pooled(lambda: Clip.objects.get().audio)()
    await pooled(lambda: Clip.objects.update(audio="", duration_ms=None))()
    await translation.request(caption.pk)
    await translation.idle()
    assert (await row(caption)).state == "waiting"
    await pooled(lambda: Clip.objects.update(audio=kept, duration_ms=2000))()
    await swept()
    assert "meeting" in (await row(caption)).text


async def test_while_the_speech_tier_is_away_nothing_is_asked_of_it(scene, translating, libre, monkeypatch):
    libre.mode = "gone"
    monkeypatch.setattr(engine_status, "_last", speech_client.AWAY)
    monkeypatch.setattr(speech_client, "translate", lambda *_args, **_more: pytest.fail("asked"))
    caption = await spoke(scene)
    await swept()
    assert (await row(caption)).state == "waiting"


async def test_two_processes_do_not_hear_the_same_clip_for_its_english(scene, listening, settings, monkeypatch):
    settings.TRANSLATOR = ["whisper"]
    asked, translate = [], speech_client.translate

    async def counted(sound, **how):
        asked.append(how["clip"])
        return await translate(sound, **how)

    monkeypatch.setattr(speech_client, "translate", counted)
    caption = await spoke(scene)
    one, other = queue.TranslationQueue(), queue.TranslationQueue()
    one.nudge(caption.pk)
    other.nudge(caption.pk)
    await asyncio.gather(one.idle(), other.idle())
    assert asked == [str(caption.pk)]


async def test_the_sound_is_sent_behind_everything_that_is_live(monkeypatch):
    seen = []

    def answer(request):
        seen.append(dict(request.url.params))
        return httpx.Response(200, json={"success": True, "text": "Hello", "language": "zh"})

    client = httpx.AsyncClient(base_url="http://speech", transport=httpx.MockTransport(answer))
    monkeypatch.setattr(speech_client, "_client", client)
    clip = str(uuid.uuid4())
    assert await speech_client.translate(b"fLaC", clip=clip, language="zh-Hant") == "Hello"
    assert (seen[0]["priority"], seen[0]["task"], seen[0]["language"]) == ("file", "translate", "zh-Hant")
    assert "keep_from" not in seen[0]
