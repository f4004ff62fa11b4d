"""When each word was said, against openai-whisper's own alignment and against where the speech lies."""

from __future__ import annotations

import numpy as np
import pytest
import whisper
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper.timing import dtw_cpu, find_alignment
from whisper.tokenizer import get_tokenizer

from speech.decoder.words import aligned
from speech.engines import Options, Row
from speech.models import choice
from tests.speech import sounds

ALL = Options(words=True)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 40), st.integers(0, 10_000))
def test_the_alignment_is_openai_whispers(tokens, moments, seed):
    cost = np.random.default_rng(seed).standard_normal((tokens, moments))
    texts, times = dtw_cpu(cost)
    first = [int(times[texts == token].min()) for token in range(tokens)]
    assert aligned(cost).tolist() == first


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
def test_words_make_up_the_text_and_lie_in_the_speech_in_order(engine, language):
    chosen = sounds.sentences(language)[:3]
    for sentence, heard in zip(chosen, engine.transcribe([Row(s.audio, ALL) for s in chosen]), strict=True):
        assert "".join(word.text for word in heard.words).strip() == heard.text == sentence.text
        times = [at for word in heard.words for at in (word.start, word.end)]
        assert times == sorted(times)
        assert times[0] >= sentence.speech_start - 0.5
        assert times[-1] <= sentence.speech_end + 0.5
        assert all(0 <= word.probability <= 1 for word in heard.words)


def test_their_times_are_openai_whispers(engine):
    model = whisper.load_model(str(choice.DEMO), device="cpu")
    tokenizer = get_tokenizer(True, num_languages=99, language="en", task="transcribe")
    for sentence in sounds.sentences("en")[:3]:
        (heard,) = engine.transcribe([Row(sentence.audio, Options(language="en", words=True))])
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(sentence.audio))
        frames = round(len(sentence.audio) / sounds.RATE * 50) * 2
        wanted = find_alignment(model, tokenizer, list(heard.tokens), mel, frames)
        starts = {round(one.start, 2) for one in wanted}
        assert {round(word.start, 2) for word in heard.words} <= starts


def test_only_those_rows_have_words_that_ask_for_them(engine):
    audio = sounds.sentences("en")[0].audio
    with_words, without = engine.transcribe([Row(audio, ALL), Row(audio)])
    assert with_words.words
    assert without.words == ()
    assert with_words.text == without.text
