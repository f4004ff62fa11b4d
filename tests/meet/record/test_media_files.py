"""Files below media/: who may have them, and in which parts."""

import httpx
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.test import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from meet.models import Clip
from meet.orm_pool import pooled
from meet.record import media_files, record, transcript_files
from meeting.serving.single_thread_handler import SingleThreadHandler
from tests.meet.scene import Scene, make_scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene():
    return make_scene("Weekly")  # Django's asynchronous test client takes ASCII addresses only


@pytest.fixture
def clip(scene) -> Clip:
    return scene.say("謝謝大家").clip


@pytest.fixture
def content(clip) -> bytes:
    return (settings.MEDIA_ROOT / clip.audio).read_bytes()


def browser_of(scene: Scene, person) -> AsyncClient:
    """The browser somebody joined with."""
    session = SessionStore()
    session.update(scene.sessions[person.pk])
    session.save()
    browser = AsyncClient()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return browser


@pytest.fixture
def alices(scene) -> AsyncClient:
    return browser_of(scene, scene.alice)


def staff(**more) -> AsyncClient:
    user = get_user_model().objects.create_user("ada", **{"is_staff": True, **more})
    browser = AsyncClient()
    browser.force_login(user)
    return browser


async def body(response) -> bytes:
    if not response.streaming:
        return response.content
    return b"".join([piece async for piece in response])


async def test_who_took_part_has_the_whole_file(alices, clip, content):
    response = await alices.get(f"/media/{clip.audio}")
    assert response.status_code == 200
    assert response["Content-Type"] == "audio/flac"
    assert response["Content-Length"] == str(len(content))
    assert response["Accept-Ranges"] == "bytes"
    assert await body(response) == content


async def test_staff_have_every_file(clip, content):
    browser = await pooled(staff)()
    assert await body(await browser.get(f"/media/{clip.audio}")) == content


async def test_somebody_who_came_only_to_a_later_meeting_has_nothing_of_this_one(scene, clip):
    carol = await pooled(lambda: browser_of(scene, scene.join("Carol", attending=False)))()
    assert (await carol.get(f"/media/{clip.audio}")).status_code == 404


async def test_strangers_and_users_who_are_no_staff_have_nothing(clip):
    assert (await AsyncClient().get(f"/media/{clip.audio}")).status_code == 404
    for more in ({"is_staff": False}, {"is_active": False}):
        browser = await pooled(lambda more=more: staff(**more))()
        assert (await browser.get(f"/media/{clip.audio}")).status_code == 404
        await pooled(lambda: get_user_model().objects.all().delete())()


async def test_a_part_of_a_file_is_given_as_asked(alices, clip, content):
    for header, part in (
        ("bytes=0-3", content[:4]),
        ("bytes=4-", content[4:]),
        ("bytes=-5", content[-5:]),
        ("bytes=1000-999999", content[1000:]),
        ("bytes=-999999", content),
    ):
        response = await alices.get(f"/media/{clip.audio}", headers={"range": header})
        assert response.status_code == 206
        assert await body(response) == part
        start = content.index(part)
        assert response["Content-Range"] == f"bytes {start}-{start + len(part) - 1}/{len(content)}"
        assert response["Content-Length"] == str(len(part))


async def test_a_part_beyond_the_end_is_refused_with_the_size(alices, clip, content):
    response = await alices.get(f"/media/{clip.audio}", headers={"range": f"bytes={len(content)}-"})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("header", ["bytes=0-1,4-5", "bytes=5-2", "pages=1-2", "bytes=-", "bytes=a-b"])
async def test_a_range_that_is_none_is_answered_with_the_whole(alices, clip, content, header):
    response = await alices.get(f"/media/{clip.audio}", headers={"range": header})
    assert response.status_code == 200
    assert await body(response) == content


async def test_a_part_of_an_older_version_is_answered_with_the_new_whole(alices, clip, content):
    headers = {"range": "bytes=0-3", "if-range": '"old"'}
    assert (await alices.get(f"/media/{clip.audio}", headers=headers)).status_code == 200
    tag = (await alices.get(f"/media/{clip.audio}"))["ETag"]
    headers["if-range"] = tag
    assert (await alices.get(f"/media/{clip.audio}", headers=headers)).status_code == 206


async def test_an_unchanged_file_is_not_sent_again(alices, clip):
    tag = (await alices.get(f"/media/{clip.audio}"))["ETag"]
    response = await alices.get(f"/media/{clip.audio}", headers={"if-none-match": tag})
    assert response.status_code == 304
    assert response.content == b""


async def test_head_says_all_but_sends_nothing(alices, clip, content):
    response = await alices.head(f"/media/{clip.audio}")
    assert (response.status_code, response["Content-Length"], await body(response)) == (200, str(len(content)), b"")


async def test_a_file_is_not_to_be_written_to(alices, clip):
    assert (await alices.post(f"/media/{clip.audio}")).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "{slug}/{folder}/../../../secret_key",
        "{slug}/{folder}/clips/../../../../secret_key",
        "{slug}/{folder}/clips/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret_key",
        "{slug}/{folder}/clips/..%5c..%5csecret_key",
        "{slug}/{folder}//etc/passwd",
        "{slug}/{folder}/%00",
        "{slug}/{folder}/clips",
        "{slug}/{folder}/link",
        "{slug}/{folder}/.writing-half",
        "{slug}/{folder}",
        "{slug}",
        "",
        "secret_key",
    ],
)
async def test_nothing_outside_the_meetings_folder_can_be_had(scene, clip, alices, path):
    folder = settings.MEDIA_ROOT / scene.room.slug / scene.meeting.folder
    secret = settings.MEDIA_ROOT.parent / "secret_key"
    secret.write_text("secret")
    (folder / ".writing-half").write_text("half")
    (folder / "link").symlink_to(secret)
    address = "/media/" + path.format(slug=scene.room.slug, folder=scene.meeting.folder)
    for browser in (alices, await pooled(staff)()):
        assert (await browser.get(address)).status_code == 404


async def test_a_download_keeps_its_name_in_any_script():
    def meeting_with_files() -> tuple[str, dict[str, str]]:
        scene = make_scene("週會")
        scene.say("謝謝大家")
        transcript_files.rebuild(scene.meeting.pk)
        (taiwan,) = (file for file in record.files(scene.meeting) if file.name.startswith("TW_"))
        key = browser_of(scene, scene.alice).cookies[settings.SESSION_COOKIE_NAME].value
        return taiwan.path, {settings.SESSION_COOKIE_NAME: key}

    path, cookies = await pooled(meeting_with_files)()
    through = httpx.ASGITransport(app=SingleThreadHandler())
    async with httpx.AsyncClient(transport=through, base_url="http://localhost", cookies=cookies) as browser:
        response = await browser.get(f"/media/{path}?download")
    assert response.headers["Content-Disposition"].startswith(
        "attachment; filename*=utf-8''TW_combo_%E9%80%B1%E6%9C%83-"
    )
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "謝謝大家" in response.text


async def test_what_only_participants_may_read_is_kept_by_no_shared_cache(alices, clip):
    assert "private" in (await alices.get(f"/media/{clip.audio}"))["Cache-Control"]


async def test_a_large_file_is_read_in_pieces(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(bytes(300_000))
    sizes = [len(piece) async for piece in media_files.pieces(path, range(1, 300_000))]
    assert max(sizes) <= media_files.PIECE
    assert sum(sizes) == 299_999


@given(header=st.text(max_size=30) | st.from_regex(r"bytes=\d{0,6}-\d{0,6}", fullmatch=True), size=st.integers(0, 5000))
def test_whatever_is_asked_for_lies_within_the_file(header, size):
    try:
        span = media_files.part(header, size)
    except media_files.RangeNotSatisfiable:
        return
    assert span is None or 0 <= span.start < span.stop <= size
