"""The lobby, the way into a room, and the room's page."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from meet.models import Participant, Room
from meet.rooms import rooms

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """Names without hashes: nothing has been collected here."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def alice() -> Client:
    """The browser of the one who makes the room."""
    return Client()


@pytest.fixture
def bob() -> Client:
    """The browser of a guest."""
    return Client()


@pytest.fixture
def room(alice: Client) -> Room:
    alice.post("/", {"name": "週會 Weekly"})
    return Room.objects.get()


def address(room: Room) -> str:
    return reverse("room", args=[room.slug])


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match, pattern
    return match[1]


def enter(browser: Client, room: Room, name: str):
    return browser.post(f"{address(room)}join/", {"name": name})


def test_making_a_room_leads_to_it(alice):
    answer = alice.post("/", {"name": "週會"})
    assert answer.status_code == 302
    assert answer["Location"] == address(Room.objects.get())


def test_a_room_without_a_name_is_not_made_and_the_page_says_why(alice):
    answer = alice.post("/", {"name": " \n "})
    assert answer.status_code == 400
    assert 'id="problem"' in answer.content.decode()
    assert not Room.objects.exists()


def test_the_lobby_lists_the_rooms_of_this_browser_alone(alice, bob, room):
    assert room.name in alice.get("/").content.decode()
    assert room.name not in bob.get("/").content.decode()


def test_who_has_not_joined_is_asked_for_a_name(bob, room):
    page = bob.get(address(room)).content.decode()
    assert 'data-testid="display-name"' in page
    assert 'data-testid="captions"' not in page


def test_who_has_joined_sees_the_room(bob, room):
    enter(bob, room, "Bob")
    page = bob.get(address(room)).content.decode()
    assert 'data-testid="captions"' in page
    assert Participant.objects.get().name == "Bob"


def test_a_name_that_cannot_be_shown_is_refused_with_the_reason(bob, room):
    answer = enter(bob, room, "x" * 41)
    assert answer.status_code == 400
    assert "40" in answer.content.decode()
    assert not Participant.objects.exists()


def test_the_link_for_guests_opens_the_room_and_holds_no_secret(alice, bob, room):
    enter(alice, room, "Alice")
    page = alice.get(address(room)).content.decode()
    link = found(r'data-testid="room-link">([^<]+)<', page).strip()
    assert "#" not in link
    assert 'data-testid="join"' in bob.get(link).content.decode()


def test_only_the_host_is_given_the_host_link_and_the_end(alice, bob, room):
    enter(alice, room, "Alice")
    enter(bob, room, "Bob")
    mine, theirs = (browser.get(address(room)).content.decode() for browser in (alice, bob))
    assert "#host=" in mine
    assert 'data-testid="end-meeting"' in mine
    assert "#host=" not in theirs
    assert 'data-testid="end-meeting"' not in theirs


def test_the_secret_of_the_host_link_makes_a_host(alice, bob, room):
    enter(bob, room, "Bob")
    secret = rooms.host_secret(room, alice.session)
    assert bob.post(f"{address(room)}host/", {"secret": secret}).status_code == 302
    assert Participant.objects.get().is_host


def test_a_wrong_secret_makes_nobody_a_host(bob, room):
    enter(bob, room, "Bob")
    assert bob.post(f"{address(room)}host/", {"secret": "guessed"}).status_code == 403
    assert not Participant.objects.get().is_host


@pytest.mark.parametrize(
    ("translator", "says"),
    [
        (["google"], "Google Translate"),
        (["google", "mymemory"], "the first of these that answers"),
        (["google", "mymemory"], "MyMemory"),
        (["libre"], "translate.example:5000"),
        (["deepl"], "DeepL"),
        (["microsoft"], "Microsoft Translator"),
        (["chatgpt"], "language model at models.example<"),
        (["off"], "no text is sent anywhere"),
        (["whisper"], "The speech model itself translates into English: no text is sent anywhere"),
        (["libre", "whisper"], "the speech model itself, for English"),
    ],
)
def test_the_way_in_says_where_the_text_goes(bob, room, settings, translator, says):
    settings.TRANSLATOR = translator
    settings.LIBRE_URL = "http://me:sesame@translate.example:5000"
    settings.OPENAI_BASE_URL = "https://models.example/v1"
    page = bob.get(address(room)).content.decode()
    assert says in page
    assert "sesame" not in page


def test_the_way_in_names_openai_where_no_other_server_is_set(bob, room, settings):
    settings.TRANSLATOR, settings.OPENAI_BASE_URL = ["chatgpt"], ""
    assert "OpenAI" in bob.get(address(room)).content.decode()


@pytest.mark.parametrize("path", ["/rooms/no-such-room/", "/nothing"])
def test_an_address_of_nothing_is_404_in_our_own_words(bob, path):
    answer = bob.get(path)
    assert answer.status_code == 404
    assert "Page not found" in answer.content.decode()


def test_nothing_in_the_pages_is_inline(alice, room):
    enter(alice, room, "Alice")
    pages = alice.get("/").content.decode() + alice.get(address(room)).content.decode()
    assert " style=" not in pages
    assert "<style" not in pages
    assert not re.search(r"\son\w+=", pages)
    scripts = re.findall(r"<script([^>]*)>", pages)
    assert all("src=" in attributes or "application/json" in attributes for attributes in scripts)


def test_every_module_the_page_imports_is_preloaded(alice, room, settings):
    enter(alice, room, "Alice")
    page = alice.get(address(room)).content.decode()
    preloaded = set(re.findall(r'rel="modulepreload" href="/static/([^"]+)"', page))
    folder = settings.BASE_DIR / "static"
    folders = {"capture", "captions", "chat", "connection", "people", "recording", "room", "shared"}
    modules = {path.relative_to(folder) for path in (folder / "meet/js").rglob("*.js") if path.parent.name in folders}
    others = {  # the page's own, modules of other pages, the script that runs before all modules, and the worklet's
        "meet/js/room/room.js",
        "meet/js/capture/resampler.js",
        "meet/js/capture/worklet.js",
        "meet/js/recording/microphone_test.js",
        "meet/js/shared/early_clicks.js",
        "meet/js/shared/local_times.js",
    }
    assert preloaded == {path.as_posix() for path in modules} - others


def test_the_words_of_the_scripts_are_in_the_reader_s_language(alice, room, settings):
    enter(alice, room, "Alice")
    page = alice.get(address(room), headers={"accept-language": "en"}).content.decode()
    words = json.loads(found(r'(?s)<script id="texts" type="application/json">(.*?)</script>', page))
    assert words["stop"] == "Stop recording"


def test_every_word_a_script_asks_for_is_there(settings):
    from meet.ui_texts import ROOM

    folder = settings.BASE_DIR / "static/meet/js"
    asked = {key for file in folder.rglob("*.js") for key in re.findall(r"say\('([\w-]+)'", file.read_text("utf-8"))}
    assert asked
    assert asked <= set(ROOM)


def test_the_page_is_told_how_clips_are_cut(alice, room, settings):
    settings.CLIP_MAX_SECONDS = 12.5
    settings.CLIP_SILENCE_SECONDS = 0.7
    enter(alice, room, "Alice")
    page = alice.get(address(room)).content.decode()
    assert 'data-clip-max-seconds="12.5"' in page
    assert 'data-clip-silence-seconds="0.7"' in page


def test_the_link_for_guests_is_readable_and_its_copy_goes_through_every_program(alice, bob, room):
    enter(alice, room, "Alice")
    page = alice.get(address(room)).content.decode()
    shown = found(r'data-testid="room-link">([^<]+)<', page).strip()
    assert shown == f"http://testserver/rooms/{room.slug}/"
    assert room.slug.startswith("週會")
    assert 'data-testid="join"' in bob.get(shown).content.decode()
    copied = found(r'data-copy="([^"#]+)"', page)
    assert copied.isascii()
    assert 'data-testid="join"' in bob.get(copied).content.decode()


def test_the_lobby_lists_what_its_host_lists_and_no_name_is_markup(bob, room):
    assert "Rooms open to everybody" not in bob.get("/").content.decode()
    Room.objects.update(listed=True, name='<b onclick="x">週會</b>')
    page = bob.get("/").content.decode()
    listed = page.split('data-testid="listed-rooms"')[1].split("</ul>")[0]
    assert address(room) in listed
    assert "&lt;b onclick=&quot;x&quot;&gt;週會&lt;/b&gt;" in listed
    assert "Nobody here now" in listed


def test_only_the_languages_that_the_host_allows_are_offered_and_automatic(bob, room):
    Room.objects.update(languages=["en", "ja"])
    enter(bob, room, "Bob")
    select = found(r'(?s)id="spoken-language">(.*?)</select>', bob.get(address(room)).content.decode())
    assert re.findall(r'value="(\w*)"', select) == ["", "en", "ja"]


def test_who_left_is_asked_for_a_name_again_and_comes_back_as_who_they_were(bob, room):
    enter(bob, room, "Bob")
    who = Participant.objects.get()
    rooms.leave.__wrapped__(who.pk)
    page = bob.get(address(room)).content.decode()
    assert 'data-testid="join"' in page
    assert 'value="Bob"' in page
    enter(bob, room, "Bobby")
    assert 'data-testid="captions"' in bob.get(address(room)).content.decode()
    assert (Participant.objects.get().pk, Participant.objects.get().name) == (who.pk, "Bobby")


def test_only_a_host_is_given_the_sheet_of_settings(alice, bob, room):
    enter(alice, room, "Alice")
    enter(bob, room, "Bob")
    assert 'id="room-settings"' in alice.get(address(room)).content.decode()
    assert 'id="room-settings"' not in bob.get(address(room)).content.decode()


def test_what_pages_share_is_in_the_reader_s_language_and_has_the_room_s_own_choices(alice, room):
    """Pieces of the page are kept for the next reader: one of another language, or of another room, gets their own."""
    enter(alice, room, "Alice")
    for tag, record in (("zh-hant", "錄音"), ("en", "Record")):
        page = alice.get(address(room), headers={"accept-language": tag}).content.decode()
        assert json.loads(found(r'<script id="texts"[^>]*>(.*?)</script>', page))["record"] == record
        assert ("Settings" in page) == (tag == "en")
        assert '<option value="ja">' in page
    Room.objects.update(languages=["en"])
    page = alice.get(address(room), headers={"accept-language": "en"}).content.decode()
    assert '<option value="ja">' not in page
