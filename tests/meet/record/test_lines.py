"""A meeting's lines in pages: every one of them once, to those who took part."""

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meet.models import Clip, Message
from meet.record import lines
from meet.record.lines import LinePosition, LinesQuery
from tests.meet.scene import Scene, make_scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def write(scene: Scene, text: str, after: float) -> Message:
    sent_at = scene.meeting.started_at + timedelta(seconds=after)
    return Message.objects.create(
        pk=uuid.uuid4(), meeting=scene.meeting, participant=scene.alice, seq=1, sent_at=sent_at, text=text
    )


def place_of(line: dict) -> LinePosition:
    return LinePosition(line.get("started_at", line.get("sent_at")), line.get("clip", line.get("id")))


def names(page: lines.LinesPage) -> list[str]:
    return [line.get("text", line["type"]) for line in page.lines]


def backwards(scene: Scene, kind: lines.Kind, size: int) -> list[str]:
    """Everything, from the newest page to the oldest, in order."""
    page = lines.page(scene.meeting.pk, LinesQuery(kind, size=size))
    found = names(page)
    while page.more:
        page = lines.page(scene.meeting.pk, LinesQuery(kind, before=place_of(page.lines[0]), size=size))
        found = names(page) + found
    return found


def forwards(scene: Scene, kind: lines.Kind, size: int) -> list[str]:
    page = lines.page(scene.meeting.pk, LinesQuery(kind, after=LinePosition(0, str(uuid.UUID(int=0))), size=size))
    found = names(page)
    while page.more:
        page = lines.page(scene.meeting.pk, LinesQuery(kind, after=place_of(page.lines[-1]), size=size))
        found += names(page)
    return found


@pytest.fixture
def talk(scene: Scene) -> list[str]:
    """Nine captions, a gap after every third one, and a message after each."""
    said = []
    for n in range(9):
        scene.say(f"line {n}", "en", after=10 * n)
        write(scene, f"message {n}", after=10 * n + 1)
        said += [f"line {n}", f"message {n}"]
        if n % 3 == 2:
            scene.clip(after=10 * n + 2, state=Clip.State.FAILED, reason="undecodable")
            said.append("gap")
    return said


@pytest.mark.parametrize("walk", [backwards, forwards])
@pytest.mark.parametrize("size", [1, 2, 5, 50])
def test_pages_hold_every_line_once_in_order(scene, talk, walk, size):
    assert walk(scene, "all", size) == talk
    assert walk(scene, "captions", size) == [one for one in talk if not one.startswith("message")]
    assert walk(scene, "messages", size) == [one for one in talk if one.startswith("message")]


@pytest.mark.parametrize("walk", [backwards, forwards])
def test_lines_of_one_millisecond_are_neither_lost_nor_doubled(scene, walk):
    for n in range(10):
        scene.say(f"line {n}", "en", after=5 + n / 20_000)
    assert sorted(walk(scene, "captions", 2)) == [f"line {n}" for n in range(10)]


@pytest.mark.parametrize("after", [5, 4.9997])
@pytest.mark.parametrize("walk", [backwards, forwards])
def test_what_lies_beyond_any_number_of_lines_of_one_moment_is_reached(scene, walk, after):
    scene.say("first", "en", after=1)
    for _n in range(40):
        scene.clip(after=after, state=Clip.State.FAILED, reason="undecodable")
    scene.say("last", "en", after=9)
    assert walk(scene, "captions", 5) == ["first", *["gap"] * 40, "last"]


def test_a_long_meeting_takes_no_more_queries_than_a_short_one(scene):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as counted:
            lines.page(scene.meeting.pk, LinesQuery("all"))
        return len(counted)

    scene.say("one", "en")
    few = queries()
    for n in range(60):
        scene.say(f"line {n}", "en", after=n)
    assert queries() == few <= 6


def browser_of(scene: Scene, person) -> Client:
    session = SessionStore()
    session.update(scene.sessions[person.pk])
    session.save()
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return browser


def fetch(browser: Client, scene: Scene, **asked):
    return browser.get(reverse("lines", args=[scene.room.slug]), {"meeting": scene.meeting.pk, **asked})


def test_who_took_part_is_given_the_lines_as_the_socket_has_them(scene):
    caption = scene.say("謝謝大家", after=3)
    answer = fetch(browser_of(scene, scene.alice), scene)
    assert answer.status_code == 200
    assert answer.json()["more"] is False
    [line] = answer.json()["lines"]
    assert (line["type"], line["clip"], line["text"]) == ("caption", str(caption.pk), "謝謝大家")
    assert {one["lang"] for one in line["translations"]} >= {"zh-Hans"}


def test_lines_before_a_place_are_asked_for_by_its_time_and_id(scene):
    first, second = scene.say("one", "en", after=1), scene.say("two", "en", after=2)
    at = round(second.started_at.timestamp() * 1000)
    answer = fetch(browser_of(scene, scene.alice), scene, before=f"{at},{second.pk}")
    assert [line["clip"] for line in answer.json()["lines"]] == [str(first.pk)]


def test_who_came_to_the_room_after_the_meeting_is_given_nothing(scene):
    scene.say("one", "en")
    late = scene.join("Carol", attending=False)
    assert fetch(browser_of(scene, late), scene).status_code == 404


def test_somebody_from_nowhere_is_given_nothing(scene):
    scene.say("one", "en")
    assert fetch(Client(), scene).status_code == 404


def test_staff_is_given_every_meeting(scene):
    scene.say("one", "en")
    browser = Client()
    browser.force_login(get_user_model().objects.create_user("ada", is_staff=True))
    assert len(fetch(browser, scene).json()["lines"]) == 1


def test_a_meeting_of_another_room_is_not_there(scene):
    other = make_scene("other")
    assert fetch(browser_of(scene, scene.alice), scene, meeting=other.meeting.pk).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        {"meeting": "x"},
        {"meeting": str(2**80)},
        {"size": "0"},
        {"size": "301"},
        {"of": "everything"},
        {"before": "yesterday"},
        {"before": "5"},
        {"before": f"{2**60},{uuid.UUID(int=1)}"},
        {"before": f"-1,{uuid.UUID(int=1)}"},
        {"before": f"1,{uuid.UUID(int=1)}", "after": f"1,{uuid.UUID(int=1)}"},
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_in_words(scene, asked):
    answer = fetch(browser_of(scene, scene.alice), scene, **asked)
    assert answer.status_code == 400
    assert "before=" in answer.json()["error"]
