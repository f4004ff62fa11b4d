"""Subtitles: what was heard, cut into cues that can be read, as SubRip or WebVTT (https://www.w3.org/TR/webvtt1/)."""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from speech.engines import Segment, Word

COLUMNS = 42  # of a line; a Chinese or Japanese character takes two
LONGEST_SECONDS = 7.0
SHORTEST_SECONDS = 1.0  # that a cue stays, where the next one leaves it the time
PAUSE_SECONDS = 1.0  # of silence between words begins a new cue
SLOWEST = 4.0  # columns a second: a segment that takes longer has silence in it,
BELIEVED_SECONDS = 3.0  # where it is longer than this
# Marks that no line begins with, and those that none ends with (JIS X 4051, kinsoku)
CLOSING = frozenset(
    "、。,.!?:;)]}%…、。，．！？：；）］｝」』】〉》〕”’・ー々ゝゞヽヾぁぃぅぇぉっゃゅょァィゥェォッャュョ％"
)
OPENING = frozenset("([{（［｛「『【〈《〔“‘")
# "Mr." and "U.S." end no sentence, as a rule
SENTENCE = re.compile(r"([!?。．！？…]|(?<!\b[A-Z])(?<!\b[A-Z][a-z])(?<!\b[A-Z][a-z]{2})\.)[\"'”’」』）)]*$")
CLAUSE = re.compile(r"[,;:、，；：][\"'”’」』）)]*$")
PUNCTUATED = 12  # columns: so much more uneven two lines may be where the first ends with punctuation


@dataclass(frozen=True)
class Cue:
    """One subtitle: a line or two between two times, seconds."""

    start: float
    end: float
    lines: tuple[str, ...]


def columns(text: str) -> int:
    """How wide `text` is, in columns of half a Chinese character."""
    return sum(0 if _joins(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def cues(segments: Sequence[Segment], words: Sequence[Word] = ()) -> list[Cue]:
    """Subtitles of a recording: by its words where their times are known, else by its segments'. Each has at most two
    lines of `COLUMNS` and `LONGEST_SECONDS`; none overlaps the next."""
    spoken = _within(words, segments) if words else [list(_words(segment)) for segment in segments]
    found: list[Cue] = []
    for units in spoken:
        bound = _bound(one for unit in units for one in _fitting(replace(unit, text=_plain(unit.text))))
        found += [Cue(part[0].start, part[-1].end, _lines(part)) for part in _parts(bound)]
    return [_timed(cue, later) for cue, later in zip(found, [*found[1:], None], strict=False)]


def srt(found: Iterable[Cue]) -> str:
    """A SubRip document. It has no escapes: an arrow that would be read as a time line is drawn otherwise."""
    return "".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n"
        + "".join(f"{line.replace('-->', '→')}\n" for line in cue.lines)
        + "\n"
        for number, cue in enumerate(found, 1)
    )


def vtt(found: Iterable[Cue]) -> str:
    """A WebVTT document."""
    return "WEBVTT\n" + "".join(
        f"\n{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n"
        + "".join(f"{_escaped(line)}\n" for line in cue.lines)
        for cue in found
    )


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{milliseconds:03}"


def _plain(text: str) -> str:
    """On one line, without control characters; a leading space stays, for it parts words."""
    return re.sub(r"\s+", " ", "".join(" " if unicodedata.category(one) == "Cc" else one for one in text))


def _joins(letter: str) -> bool:
    """Whether it is part of the character before: an accent, a variant, a joiner."""
    return unicodedata.category(letter) in ("Mn", "Me", "Cf")


def _letters(text: str) -> list[str]:
    """Characters as people count them, what joins them included."""
    found: list[str] = []
    for letter in text:
        if found and (_joins(letter) or found[-1].endswith("\u200d")):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _within(words: Sequence[Word], segments: Sequence[Segment]) -> list[list[Word]]:
    """The words of each segment, none of them outside its time: attention gives the first and the last word of a clip
    the silence beside them too. All together, as they are, where the segments hold another text."""
    ends = list(itertools.accumulate(_weight(segment.text) for segment in segments))
    if not ends or ends[-1] != sum(_weight(word.text) for word in words):
        return [list(words)]
    found: list[list[Word]] = [[] for _ in segments]
    done = 0
    for word in words:
        place = bisect.bisect_right(ends, done) if _weight(word.text) else bisect.bisect_left(ends, done)
        done += _weight(word.text)
        segment = segments[place]
        start, end = (min(max(at, segment.start), segment.end) for at in (word.start, word.end))
        found[place].append(replace(word, start=start, end=end))
    return found


def _weight(text: str) -> int:
    """How many characters can be seen."""
    return sum(not letter.isspace() for letter in text)


def _words(segment: Segment) -> Iterator[Word]:
    """A segment's words, or characters where they are wide, each with its share of the time."""
    text = _plain(segment.text).strip()
    pieces: list[str] = []
    for word in re.findall(r"\S+", text):
        run = " " if pieces else ""
        for letter in _letters(word):
            if columns(letter) < 2:
                run += letter
                continue
            pieces += [run, letter] if run.strip() else [run + letter]
            run = ""
        pieces += [run] if run else []
    width = max(1, columns(text))
    seconds = min(segment.end - segment.start, max(BELIEVED_SECONDS, width / SLOWEST))
    at = 0
    for piece in pieces:
        start = segment.start + seconds * at / width
        at += columns(piece)
        yield Word(start, segment.start + seconds * at / width, piece)


def _fitting(word: Word) -> Iterator[Word]:
    """The word, or, where no line holds it, its parts."""
    if columns(word.text.strip()) <= COLUMNS:
        yield word
        return
    part, done, width = "", 0, columns(word.text)
    for letter in [*_letters(word.text), ""]:
        if part and (not letter or columns(part + letter) > COLUMNS):
            start, done = done, done + columns(part)
            seconds = word.end - word.start
            yield Word(word.start + seconds * start / width, word.start + seconds * done / width, part)
            part = ""
        part += letter


def _bound(units: Iterable[Word]) -> list[Word]:
    """Units between which a line may break: punctuation stays with its word."""
    found: list[Word] = []
    for unit in units:
        before = found[-1] if found else None
        text = unit.text
        if before and _inseparable(before.text, text) and columns((before.text + text).strip()) <= COLUMNS:
            found[-1] = replace(before, text=before.text + text, end=unit.end)
        else:
            found.append(unit)
    return [one for one in found if one.text.strip()]


def _inseparable(before: str, text: str) -> bool:
    if not before.strip() or not text.strip():
        return True
    return (text[:1] in CLOSING) or (before[-1:] in OPENING and not text.startswith(" "))


def _parts(units: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """The units of each cue: as many as fit, less what is better begun with in the next one."""
    at = 0
    while at < len(units):
        most = at + 1
        while most < len(units) and _goes_on(units, at, most):
            most += 1
        end = most if most == len(units) or _pauses(units, most) else _best_end(units, at, most)
        yield units[at:end]
        at = end


def _goes_on(units: Sequence[Word], first: int, place: int) -> bool:
    """Whether the unit at `place` belongs into the cue that begins with `first`."""
    if _pauses(units, place) or units[place].end - units[first].start > LONGEST_SECONDS:
        return False
    return bool(_lines(units[first : place + 1]))


def _pauses(units: Sequence[Word], place: int) -> bool:
    return units[place].start - units[place - 1].end >= PAUSE_SECONDS


def _best_end(units: Sequence[Word], first: int, most: int) -> int:
    """Before which unit a cue that is full ends: after a sentence or, failing that, a clause that fills a third of it;
    else where it is full."""
    for mark, least in ((SENTENCE, first + 1), (CLAUSE, first + 1 + (most - first) // 3)):
        for place in range(most, least - 1, -1):
            if mark.search(units[place - 1].text.rstrip()):
                return place
    return most


def _lines(units: Sequence[Word]) -> tuple[str, ...]:
    """The units on one line, or on the two most alike in width, rather after punctuation; empty where two are too
    few."""
    text = "".join(unit.text for unit in units)
    if columns(text.strip()) <= COLUMNS:
        return (text.strip(),)
    if columns(text) > 2 * COLUMNS + 2:
        return ()
    best: tuple[int, tuple[str, ...]] = (4 * COLUMNS, ())
    at = 0
    for unit in units[:-1]:
        at += len(unit.text)
        above, below = text[:at].strip(), text[at:].strip()
        wide = columns(above), columns(below)
        uneven = abs(wide[0] - wide[1]) - (PUNCTUATED if SENTENCE.search(above) or CLAUSE.search(above) else 0)
        if max(wide) <= COLUMNS and uneven < best[0]:
            best = uneven, (above, below)
    return best[1]


def _timed(cue: Cue, later: Cue | None) -> Cue:
    """With an end that leaves time to read it, and no more than there is before the next one."""
    end = min(max(cue.end, cue.start + SHORTEST_SECONDS), cue.start + LONGEST_SECONDS)
    if later:
        end = min(end, max(later.start, cue.start + 0.001))
    return replace(cue, end=end)
