"""A person's voice and the real model: from a real Chromium's microphone to another page and into the files."""

import numpy as np
import pytest
from playwright.sync_api import expect

from bench import words
from speech.audio import codec
from tests import human_speech, spoken_samples
from tests.browser.capture_page import RATE, write_wav
from tests.browser.people import LEAD, person
from tests.meeting.product import serving, until

MOST_WRONG = 0.12  # of the words: what the browser's Opus and its cuts may cost


@pytest.fixture(scope="module")
def product(real_model, tmp_path_factory):
    """`manage.py serve` as it comes, with the real `base` where it keeps its models."""
    with serving(
        tmp_path_factory.mktemp("product"), WHISPER_MODEL="auto", WHISPER_MODEL_DIR=str(real_model.parent)
    ) as running:
        running.wait_for_line("Model: base")
        yield running


def spoken(path, sound):
    """What a microphone hears: a quiet room, the voice, and the room again."""
    quiet = np.random.default_rng(7).standard_normal(round((LEAD + 3) * RATE)) * 0.0003
    start, end = quiet[: round(LEAD * RATE)], quiet[round(LEAD * RATE) :]
    return write_wav(path, np.concatenate([start, sound, end]).astype(np.float32))


def said(playwright, product, path, sound, language):
    """What another page shows, and the files hold, of a voice that speaks `language`."""
    with person(playwright, spoken(path, sound)) as alice, person(playwright) as bob:
        address = alice.make_room(product.address, "Voices")
        alice.join("Alice")
        bob.join("Bob", address)
        expect(bob.page.get_by_test_id("model-banner")).to_be_hidden()
        alice.page.get_by_test_id("spoken-language").select_option(language)
        alice.record()
        alice.page.wait_for_timeout(1000 * (LEAD + len(sound) / RATE + 2))
        alice.stop()
        expect(alice.page.get_by_test_id("capture-state")).to_have_attribute("data-state", "off")
        bob.wait_for_captions(1, 60)
        text = _settled(bob)
    files = list((product.data / "media").glob("*/*/combo_*.txt"))
    return text, "\n".join(path.read_text(encoding="utf-8") for path in files)


def _settled(bob):
    """The text of all captions, once they stay as they are."""
    texts = [""]
    until(lambda: _again(bob, texts), 60, lambda: f"the captions go on changing: {texts[-1]}")
    return texts[-1]


def _again(bob, texts):
    """Whether the captions are as they were some seconds ago."""
    bob.page.wait_for_timeout(4000)
    texts.append(" ".join(line["text"] for line in bob.captions()))
    return bool(texts[-1]) and texts[-1] == texts[-2]


def test_a_spoken_sample_is_read_on_the_other_page_and_in_the_files(product, playwright, tmp_path):
    sample = next(one for one in spoken_samples.recordings() if one.name == "en/quick_brown_fox.wav")
    text, files = said(playwright, product, tmp_path / "fox.wav", codec.decode(sample.sound), "en")
    wrong, length = words.errors(sample.text, text, words.SPACED)
    assert wrong <= MOST_WRONG * length, text
    assert text in files


@pytest.mark.parametrize(("name", "language"), [("en_libri_2412a.flac", "en"), ("zh_aishell_0252_0200.wav", "zh")])
def test_a_persons_voice_is_read_on_the_other_page_and_in_the_files(product, playwright, tmp_path, name, language):
    person_ = next(one for one in human_speech.recordings("human") if one.name == name)
    text, files = said(playwright, product, tmp_path / "voice.wav", codec.decode(person_.sound), language)
    wrong, length = words.errors(person_.text, text, words.measure([person_.text]))
    assert wrong <= MOST_WRONG * length, text
    assert text in files
