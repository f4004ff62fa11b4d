"""People's voices through the real `base` and the whole journey of a clip: nothing that was said is lost unseen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import joined, sentences, systems, words
from bench.index import MIXED, NONE, Recording
from speech import loading
from speech.config import Config
from speech.engines import MOST_BEAMS, Engine, Options
from speech.queue.turns import Priority
from speech.server.node import Answer, Node
from speech.transcription.transcription import Request
from tests import human_speech, spoken_samples

CONFIG = Config(beam=MOST_BEAMS)  # on a busy machine too
ROOM = ("en", "ja", "zh")  # languages that a room offers
CLIP_SECONDS = 30.0  # that one row of the engine holds
MOST_LOST = 0.02  # of a recording's words: the same speech between other edges is heard a little otherwise


@pytest.fixture(scope="module")
def real_engine(real_model: Path) -> Engine:
    return loading.load(Config(model=str(real_model)), print)


@pytest.fixture
async def node(real_engine: Engine) -> AsyncIterator[Node]:
    node = Node(CONFIG, lambda: real_engine)
    await node.start()
    yield node
    await node.stop()


async def heard(node: Node, recording: Recording, priority: Priority | None = None) -> Answer:
    """As the room asks for a clip; a recording that is too long for one is asked for as a file."""
    live = Priority.FINAL if recording.seconds <= CLIP_SECONDS else Priority.FILE
    options = Options(language=recording.given, languages=() if recording.given else ROOM)
    return await node.hear(Request(recording.sound, options, live if priority is None else priority, script="Hans"))


def unseen(recording: Recording, answer: Answer) -> list[str]:
    """The sentences that are neither in the text nor shown as missing."""
    gaps = tuple(systems.Gap(gap.start, gap.end) for gap in answer.gaps)
    suppressed = answer.suppressed.reason if answer.suppressed else ""
    shown = systems.Heard(answer.text, answer.language, gaps, suppressed)
    return [one.sentence.text for one in sentences.found(recording, shown) if one.lost and not one.sign]


async def test_a_clip_in_which_the_voice_changes_loses_no_sentence(node: Node) -> None:
    for recording in human_speech.recordings("reports"):
        if len(recording.sentences) > 1:
            assert unseen(recording, await heard(node, recording)) == [], recording.name


@pytest.mark.parametrize("priority", [Priority.FINAL, Priority.FILE])
@pytest.mark.long
async def test_joined_sentences_are_there_or_shown_as_missing(node: Node, priority: Priority) -> None:
    """In each language, and in several within one clip."""
    clips = joined.clips(human_speech.recordings("human"), 12, seed=7)
    lost: dict[str, list[str]] = {}
    for clip in clips:
        if missing := unseen(clip, await heard(node, clip, priority)):
            lost[clip.name] = missing
    print(len(clips), "clips,", sum(len(clip.sentences) for clip in clips), "sentences; lost unseen:", lost)
    assert {clip.language for clip in clips} == {"en", "ja", "zh", MIXED}
    assert lost == {}


@pytest.mark.long
async def test_the_voice_detector_costs_no_recording_a_word(node: Node, real_engine: Engine) -> None:
    """Each recording with the detector and without: as many of its words are found."""
    without = Node(replace(CONFIG, aggressiveness=None), lambda: real_engine)
    await without.start()
    worse = {}
    try:
        for recording in human_speech.recordings("human"):
            if recording.language in (NONE, "mix"):
                continue
            kind = words.measure([recording.text])
            gated, plain = [
                words.counted(recording.text, (await heard(one, recording)).text, kind) for one in (node, without)
            ]
            if gated.lost > plain.lost + MOST_LOST * gated.length or gated.lost_edge > plain.lost_edge:
                worse[recording.name] = (gated, plain)
    finally:
        await without.stop()
    assert worse == {}


async def test_sounds_without_speech_give_no_words(node: Node) -> None:
    for recording in human_speech.recordings("human"):
        if recording.language == NONE:
            for priority in (Priority.FINAL, Priority.FILE):
                if priority is Priority.FILE or recording.seconds <= CLIP_SECONDS:
                    assert (await heard(node, recording, priority)).text == "", recording.name


async def test_a_remark_of_half_a_second_gets_a_line(node: Node) -> None:
    remark = next(one for one in human_speech.recordings("reports") if one.name == "en_remark_okay.wav")
    assert (await heard(node, remark)).text == "Okay."


async def test_spoken_samples_are_heard_on_every_machine(node: Node) -> None:
    """In three languages, found out; `base` makes few errors on such clear speech."""
    for sample in spoken_samples.recordings():
        answer = await heard(node, replace(sample, language="mix"))
        wrong, length = words.errors(sample.text, answer.text, words.measure([sample.text]))
        assert answer.language == sample.language, sample.name
        assert wrong <= 0.35 * length, (sample.name, answer.text)


async def test_no_recording_is_taken_for_another_language(node: Node) -> None:
    wrong = {}
    for recording in human_speech.recordings("human"):
        if recording.given:
            answer = await heard(node, replace(recording, language="mix"))
            if answer.language != recording.given:
                wrong[recording.name] = answer.language
    assert wrong == {}
