"""A meeting played: several simulated people speak at once, and what comes back is printed with its lag."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from meet.simulation.person import Event, Person
from meet.simulation.speech_clips import SpokenClip, cut, load

PATIENCE_SECONDS = 60.0  # for the last captions, after the last word


@dataclass(frozen=True)
class MeetingPlan:
    """What is played where. Seconds; `end` None: to the end of the file."""

    url: str
    room: str
    speakers: int
    files: Sequence[Path]
    chunk: float
    start: float
    end: float | None
    silence: float
    longest: float


@dataclass
class MeetingResult:
    """Per clip: when its speech ended, when it settled (time.monotonic()), and how often it was captioned first."""

    ended: dict[str, float] = field(default_factory=dict)
    settled: dict[str, float] = field(default_factory=dict)
    captions: dict[str, str] = field(default_factory=dict)
    translated: dict[tuple[str, str], float] = field(default_factory=dict)
    acknowledged: bool = True

    def lags(self) -> list[float]:
        """Seconds from the end of speech to the caption, for what was captioned."""
        return [self.settled[clip] - ended for clip, ended in self.ended.items() if clip in self.captions]


async def play(plan: MeetingPlan, say: Callable[[str], None]) -> MeetingResult:
    """Play the plan to its end. Raises JoinFailed, OSError, codec.Undecodable."""
    result = MeetingResult()
    began = time.monotonic()

    def heard(_person: Person, event: Event, at: float) -> None:
        _note(result, event, at, at - began, say)

    people = [Person(plan.url, f"Speaker {n + 1}", heard if n == 0 else _nothing) for n in range(plan.speakers)]
    slug = await _room(plan, people[0], say)
    for person in people:
        await person.join(slug)
    clips = [_clips(plan, n) for n in range(plan.speakers)]
    spoken = await asyncio.gather(*(p.speak(c, plan.chunk) for p, c in zip(people, clips, strict=True)))
    for ended in spoken:
        result.ended.update(ended)
    result.acknowledged = all([await person.acknowledged(PATIENCE_SECONDS) for person in people])
    await _last_captions(result)
    for person in people:
        await person.leave()
    say(_summary(result))
    return result


def _nothing(_person: Person, _event: Event, _at: float) -> None:
    """Everybody hears the same; the first person's ears are enough."""


async def _room(plan: MeetingPlan, maker: Person, say: Callable[[str], None]) -> str:
    if await maker.finds(plan.room):
        return plan.room
    slug = await maker.make_room(plan.room)
    say(f"made {plan.url}/rooms/{slug}/")
    return slug


def _clips(plan: MeetingPlan, speaker: int) -> list[SpokenClip]:
    """Each speaker begins with another file of the list."""
    path = plan.files[speaker % len(plan.files)]
    return cut(load(path, plan.start, plan.end), plan.silence, plan.longest)


def _note(result: MeetingResult, event: Event, at: float, since: float, say: Callable[[str], None]) -> None:
    clip = str(event.get("clip", ""))
    if event["type"] == "caption":
        result.settled[clip] = at
        result.captions[clip] = event["text"]
        say(f"{since:8.2f} s  {event['name']}: {event['text']}")
    elif event["type"] == "gap":
        result.settled[clip] = at
        say(f"{since:8.2f} s  {event['name']}: ({event['reason']})")
    elif event["type"] == "translation" and event["state"] == "done":
        result.translated[clip, event["lang"]] = at
        say(f"{since:8.2f} s    {event['lang']}: {event['text']}")


async def _last_captions(result: MeetingResult) -> None:
    """Wait for what was said last; silent clips never settle here, so quiet is an end as well."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and not result.settled.keys() >= result.ended.keys():
        await asyncio.sleep(0.1)
        newest = max([*result.settled.values(), *result.ended.values()], default=0.0)
        if time.monotonic() - newest > PATIENCE_SECONDS / 4:
            return


def _summary(result: MeetingResult) -> str:
    lags = result.lags()
    line = f"{len(result.ended)} clips spoken, {len(result.captions)} captioned"
    if len(lags) > 1:
        cuts = quantiles(lags, n=100, method="inclusive")
        line += f", end of speech to caption: P50 {cuts[49]:.2f} s, P95 {cuts[94]:.2f} s"
    return line if result.acknowledged else line + ", NOT ALL TAKEN OVER BY THE SERVER"
