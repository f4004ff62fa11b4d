"""Speech without words: from the speech tier's answer to the room, the record, the files and the account."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from meet import languages, pipeline
from meet.clips import audit, clips
from meet.models import Caption, Clip
from meet.orm_pool import pooled
from meet.recognition import speech_client
from meet.recognition.speech_client import TranscriptionResult
from meet.record import captions, lines, record, snapshot, transcript_files
from tests.meet.scene import make_scene
from tests.meet.test_pipeline import HELLO, answering, said

State = Clip.State
ANSWER = {"success": True, "text": "大家好", "language": "zh", "silent": None, "suppressed": None}
UNHEARD = [{"start": 1.2, "end": 4.3}]


@pytest.fixture
def tier_answers(settings):
    """A speech tier that gives this answer to every clip; what it was asked."""
    opened = []

    def serve(**fields):
        asked = []
        running = answering(200, json.dumps({**ANSWER, **fields}).encode(), asked)
        settings.SPEECH_URL = running.__enter__()
        speech_client._client = None
        opened.append(running)
        return asked

    yield serve
    for running in opened:
        running.__exit__(None, None, None)
    speech_client._client = None


async def heard_by_the_room(cast):
    return json.loads(await snapshot.of_room(cast.room.pk))["captions"]


async def test_gaps_of_an_answer_stand_in_the_caption_its_event_and_the_snapshot(cast, tier_answers):
    tier_answers(gaps=UNHEARD)
    clip = await said(cast.alice, HELLO.data)
    await pipeline.caption(clip)
    assert (await Caption.objects.aget(pk=clip)).gaps == [[1200, 4300]]
    (line,) = await heard_by_the_room(cast)
    assert (line["text"], line["gaps"]) == ("大家好", [[1200, 4300]])


async def test_a_new_revision_replaces_the_gaps_of_the_one_before(cast, tier_answers):
    tier_answers(gaps=UNHEARD)
    clip = await said(cast.alice, HELLO.data)
    await pipeline.caption(clip)
    await clips.reopen(clip)
    assert await clips.receive_if_whole(clip)
    tier_answers(gaps=[])
    await pipeline.caption(clip)
    (line,) = await heard_by_the_room(cast)
    assert (line["revision"], line["gaps"]) == (2, [])


async def test_speech_of_two_seconds_without_any_word_becomes_a_gap_and_is_accounted_for(cast, tier_answers, settings):
    tier_answers(text="", silent="empty", gaps=[{"start": 0.5, "end": 1.5}, {"start": 3.0, "end": 4.0}])
    clip = await said(cast.alice, HELLO.data)
    await pipeline.caption(clip)
    row = await Clip.objects.select_related("meeting").aget(pk=clip)
    assert (row.state, row.reason) == (State.FAILED, "no_words")
    assert (settings.MEDIA_ROOT / row.audio).is_file()
    (line,) = await heard_by_the_room(cast)
    assert (line["type"], line["reason"], line["clip"]) == ("gap", "no_words", str(clip))
    assert row.meeting.seq == 1
    entries = await pooled(audit.of_meeting)(row.meeting, timezone.now() + timedelta(minutes=2))
    assert [entry.missing for entry in entries] == [""]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"silent": "empty", "gaps": [{"start": 0.5, "end": 2.4}]}, "empty"),
        ({"silent": "suppressed", "suppressed": {"text": "謝謝觀看", "reason": "phantom"}, "gaps": UNHEARD}, "phantom"),
    ],
    ids=["shorter", "suppressed"],
)
async def test_a_clip_without_text_is_silent_where_little_was_unheard_or_its_text_was_held_back(
    cast, tier_answers, fields, reason
):
    tier_answers(text="", **fields)
    clip = await said(cast.alice, HELLO.data)
    await pipeline.caption(clip)
    row = await Clip.objects.aget(pk=clip)
    assert (row.state, row.reason) == (State.SILENT, reason)
    assert await heard_by_the_room(cast) == []


async def test_an_earlier_line_stays_where_a_second_hearing_finds_no_words(cast, tier_answers):
    tier_answers()
    clip = await said(cast.alice, HELLO.data)
    await pipeline.caption(clip)
    await clips.reopen(clip)
    assert await clips.receive_if_whole(clip)
    tier_answers(text="", silent="empty", gaps=UNHEARD)
    await pipeline.caption(clip)
    (line,) = await heard_by_the_room(cast)
    assert (line["type"], line["text"]) == ("caption", "大家好")


@pytest.mark.parametrize(
    ("value", "gaps"),
    [
        (None, ()),
        ("gaps", ()),
        ([1, {"start": 1}, {"start": "0", "end": 2}, {"start": 3, "end": 2}, {"start": -1, "end": 2}], ()),
        ([{"start": 0, "end": float("inf")}, {"start": float("nan"), "end": 1}, {"start": 0, "end": 1e9}], ()),
        ([{"start": 0.0004, "end": 2}, {"start": 3.25, "end": 4.5}], ((0, 2000), (3250, 4500))),
    ],
)
def test_gaps_of_an_answer_are_read_as_milliseconds_and_what_is_no_gap_is_left_out(value, gaps):
    assert speech_client._gaps(value) == gaps


@pytest.mark.parametrize(
    ("heard", "is_gap"),
    [
        (TranscriptionResult("", "", "empty", "", gaps=((0, 2000),)), True),
        (TranscriptionResult("", "", "empty", "", gaps=((0, 1999),)), False),
        (TranscriptionResult("words", "en", "", "", gaps=((0, 5000),)), False),
        (TranscriptionResult("", "", "phantom", "Thank you.", gaps=((0, 5000),)), False),
    ],
)
def test_a_clip_is_a_gap_only_where_speech_of_two_seconds_has_neither_text_nor_suppressed_text(heard, is_gap):
    assert heard.is_gap is is_gap


@pytest.mark.django_db(transaction=True)
def test_every_file_and_the_text_beside_the_clip_mark_a_line_with_gaps_at_its_end(settings):
    settings.TRANSLATOR = ["google"]
    scene = make_scene()
    line = scene.settle(scene.clip(after=0), "謝謝大家", gaps=((0, 2500),))
    line.translations.filter(language="en").update(state="done", text="Thank you")
    scene.say("沒有缺漏", after=5)
    transcript_files.rebuild(scene.meeting.pk)
    folder = settings.MEDIA_ROOT / scene.room.slug / scene.meeting.folder
    files = {path.name.partition("combo_")[0]: path.read_text(encoding="utf-8") for path in folder.glob("*.txt")}
    first = {prefix: text.splitlines()[0] for prefix, text in files.items()}
    assert first == {
        "": "[10:03:27] Alice: 謝謝大家 […]",
        "TW_": "[10:03:27] Alice: 謝謝大家 […]",
        "CN_": "[10:03:27] Alice: 谢谢大家 […]",
        "EN_": "[10:03:27] Alice: Thank you […]",
        "JP_": "[10:03:27] Alice: (翻訳待ち) 謝謝大家 […]",
    }
    assert all("[…]" not in text.splitlines()[1] for text in files.values())
    beside = (settings.MEDIA_ROOT / line.clip.audio).with_suffix(".txt").read_text(encoding="utf-8")
    assert "en: Thank you […]\n" in beside


@pytest.mark.django_db(transaction=True)
def test_a_line_of_the_record_says_how_much_of_its_speech_has_no_words():
    scene = make_scene()
    scene.settle(scene.clip(after=0), "謝謝大家", gaps=((0, 2500), (4000, 5000)))
    scene.say("沒有缺漏", after=5)
    assert [line.unheard for line in record.lines(scene.meeting)] == [3.5, 0]


@pytest.mark.django_db(transaction=True)
def test_a_gap_without_words_stands_among_the_lines_that_a_page_fetches():
    scene = make_scene()
    scene.clip(state=State.FAILED, reason="no_words")
    (line,) = lines.page(scene.meeting.pk, lines.LinesQuery("captions")).lines
    assert (line["type"], line["reason"]) == ("gap", "no_words")


@pytest.fixture
def talk():
    """Alice's captions, one in each of these languages, ten seconds apart, and a clip of hers after them."""
    scene = make_scene()

    def after(*spoken, pause=10.0):
        for place, language in enumerate(spoken):
            scene.say("words", language, after=10 * place)
        clip = scene.clip(after=10 * (len(spoken) - 1) + pause)
        return captions.CaptionSource(clip.pk, scene.meeting.pk, scene.alice.pk, clip.started_at)

    after.scene = scene
    return after


@pytest.mark.django_db(transaction=True)
def test_the_last_five_languages_of_a_speaker_are_known_newest_last(talk):
    spoken = talk("en", "ja", "zh-Hant", "en", "en", "ja")
    assert captions.languages_before(spoken) == ["ja", "zh-Hant", "en", "en", "ja"]


@pytest.mark.django_db(transaction=True)
def test_languages_of_more_than_ten_minutes_ago_are_no_evidence(talk):
    assert captions.languages_before(talk("en", "ja", pause=595)) == ["ja"]


@pytest.mark.django_db(transaction=True)
def test_other_people_s_lines_their_copies_and_later_lines_are_no_evidence(talk):
    scene = talk.scene
    bob = scene.join("Bob")
    bobs = scene.say("words", "ja", by=bob, after=1)
    copy = scene.say("words", "ja", after=1)
    Caption.objects.filter(pk=copy.pk).update(folded_into=bobs.pk)
    scene.say("words", "ja", after=500)
    assert captions.languages_before(talk("en")) == ["en"]


@pytest.mark.django_db(transaction=True)
def test_the_languages_of_a_speaker_are_one_query_by_an_index(talk, django_assert_num_queries, settings):
    spoken = talk("en", "ja")
    with django_assert_num_queries(1) as asked:
        captions.languages_before(spoken)
    assert "LIMIT 5" in asked.captured_queries[0]["sql"]


async def spoken_before(cast, *tags):
    """Clips of Alice with captions in these languages."""
    for tag in tags:
        clip = await said(cast.alice, HELLO.data)
        row = await Clip.objects.aget(pk=clip)
        spoken = captions.CaptionSource(row.pk, row.meeting_id, row.participant_id, row.started_at)
        await pooled(transaction.atomic(captions.settle))(spoken, tag, "words")


@pytest.mark.parametrize(("chosen", "sent"), [("", ["en,zh-Hant"]), ("zh", None)])
async def test_the_tier_is_told_a_speaker_s_last_languages_unless_they_chose_one(cast, tier_answers, chosen, sent):
    asked = tier_answers()
    await spoken_before(cast, "en", "zh-Hant")
    await pipeline.caption(await said(cast.alice, HELLO.data, language=chosen))
    assert asked[0].get("expected") == sent


async def test_a_real_tier_takes_the_languages_of_earlier_lines(cast, tier):
    await spoken_before(cast, "en", "en", "ja", "ja", "ja")
    clip = await said(cast.alice, HELLO.data)
    await pipeline.caption(clip)
    line = await Caption.objects.aget(pk=clip)
    assert (line.text, line.language) == (HELLO.text, languages.tag_of("zh"))
    assert line.gaps == []
