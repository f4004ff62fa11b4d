"""The pages of the record, for those who were there and for staff."""

import re
from urllib.parse import quote_plus

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from meet.models import Clip, Connection, Meeting, Message
from meet.recognition import engine_status
from meet.recognition.speech_client import Engine
from meet.record import transcript_files, views
from tests.meet.scene import make_scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene():
    return make_scene()


def browser_of(scene, person) -> Client:
    session = SessionStore()
    session.update(scene.sessions[person.pk])
    session.save()
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return browser


@pytest.fixture
def alices(scene) -> Client:
    return browser_of(scene, scene.alice)


@pytest.fixture
def administrator(django_user_model) -> Client:
    browser = Client()
    browser.force_login(django_user_model.objects.create_superuser("ada"))
    return browser


def lines_of(scene) -> str:
    return f"/rooms/{scene.room.slug}/record/{scene.meeting.folder}/"


def test_the_record_lists_the_meetings_somebody_attended_with_their_files(scene, alices):
    scene.say("謝謝大家")
    transcript_files.rebuild(scene.meeting.pk)
    page = alices.get(f"/rooms/{scene.room.slug}/record/")
    assert page.status_code == 200
    addresses = [file["address"] for meeting in page.context["meetings"] for file in meeting["files"]]
    names = [address.rpartition("/")[2] for address in addresses]
    assert [name.partition("combo_")[0] for name in names] == ["", "TW_", "CN_", "EN_", "JP_"]
    assert all(alices.get(address).status_code == 200 for address in addresses)


def test_who_was_in_no_meeting_sees_none(scene):
    scene.say("謝謝大家")
    carol = browser_of(scene, scene.join("Carol", attending=False))
    page = carol.get(f"/rooms/{scene.room.slug}/record/")
    assert page.context["meetings"] == []
    assert carol.get(lines_of(scene)).status_code == 404
    assert Client().get(lines_of(scene)).status_code == 404


@pytest.mark.parametrize("slug", ["nowhere", "%00", "%ff"])
def test_a_room_that_is_not_there_has_no_record(slug):
    assert Client().get(f"/rooms/{slug}/record/").status_code == 404
    assert Client().get(f"/rooms/{slug}/record/20260102-100327/").status_code == 404


@pytest.mark.parametrize("folder", ["20260102-100328", "%00"])
def test_a_meeting_that_the_room_did_not_have_has_no_lines(scene, alices, folder):
    assert alices.get(f"/rooms/{scene.room.slug}/record/{folder}/").status_code == 404


def test_the_lines_of_a_meeting_are_shown_in_every_language_with_their_sound(scene, alices, settings):
    settings.TRANSLATOR = ["google"]
    caption = scene.say("謝謝<b>大家</b>")
    caption.translations.filter(language="en").update(state="done", text="Thank you")
    text = alices.get(lines_of(scene)).content.decode()
    assert '<p class="record-text" lang="zh-Hant">謝謝&lt;b&gt;大家&lt;/b&gt;</p>' in text
    assert '<p class="record-translation" lang="zh-Hans">谢谢&lt;b&gt;大家&lt;/b&gt;</p>' in text
    assert '<p class="record-translation" lang="en">Thank you</p>' in text
    assert 'data-lang="ja"' in text
    assert f"clips/{caption.clip.audio.rpartition('/')[2]}" in text


def test_nothing_is_on_the_way_once_there_is_no_translator(scene, alices, settings):
    settings.TRANSLATOR = ["google"]
    scene.say("謝謝大家")
    assert "the translation is on the way" in alices.get(lines_of(scene)).content.decode()
    settings.TRANSLATOR = ["off"]
    assert "the translation is on the way" not in alices.get(lines_of(scene)).content.decode()


@pytest.mark.parametrize("demo", [True, False])
def test_every_page_with_lines_says_that_the_trial_model_listens(scene, alices, administrator, monkeypatch, demo):
    monkeypatch.setattr(engine_status, "_last", Engine("ready", "demo" if demo else "base", demo=demo))
    scene.say("謝謝大家")
    pages = [alices.get(f"/rooms/{scene.room.slug}/record/"), alices.get(lines_of(scene))]
    pages += [administrator.get("/staff/meetings/"), administrator.get(f"/staff/meetings/{scene.meeting.pk}/")]
    assert ["Trial model" in page.content.decode() for page in pages] == [demo] * 4


def test_what_was_not_understood_is_said(scene, alices):
    scene.clip(state=Clip.State.FAILED)
    assert "Speech that could not be understood" in alices.get(lines_of(scene)).content.decode()


def test_a_long_meeting_comes_in_pages(scene, alices):
    for n in range(3):
        scene.say(f"sentence {n}", "en", after=n)
    page = alices.get(lines_of(scene) + "?page=99")
    assert page.status_code == 200
    assert page.context["page"].number == 1


def test_staff_see_all_meetings_and_everybody_else_is_sent_to_log_in(scene, administrator, alices):
    scene.say("謝謝大家")
    transcript_files.rebuild(scene.meeting.pk)
    text = administrator.get("/staff/meetings/").content.decode()
    assert scene.room.name in text
    assert "TW_combo_" in text
    assert "謝謝大家" in administrator.get(f"/staff/meetings/{scene.meeting.pk}/").content.decode()
    for address in ("/staff/meetings/", f"/staff/meetings/{scene.meeting.pk}/"):
        answer = alices.get(address)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize("by", ["room", "person", "day"])
def test_staff_find_a_meeting_by_its_room_a_person_or_its_day(scene, administrator, by):
    scene.say("謝謝大家")
    person = scene.meeting.participants.first() or scene.room.participants.first()
    scene.meeting.participants.add(person)
    day = timezone.localtime(scene.meeting.started_at).date().isoformat()
    sought = {"room": scene.room.name[1:], "person": person.name.lower(), "day": day}[by]
    page = administrator.get("/staff/meetings/", {"q": sought})
    assert [one["room"] for one in page.context["meetings"]] == [scene.room]
    assert "1 meeting found" in page.content.decode()


def test_staff_are_told_when_nothing_is_found_and_keep_what_they_sought_from_page_to_page(
    scene, administrator, monkeypatch
):
    monkeypatch.setattr(views, "MEETINGS", 1)
    scene.say("謝謝大家")
    Meeting.objects.create(
        room=scene.room,
        started_at=scene.meeting.started_at,
        occupied_at=timezone.now(),
        ended_at=timezone.now(),
        folder="another",
    )
    text = administrator.get("/staff/meetings/", {"q": scene.room.name}).content.decode()
    assert "page=2" in text
    assert f"q={quote_plus(scene.room.name)}" in text
    nothing = administrator.get("/staff/meetings/", {"q": "no such room"}).content.decode()
    assert "No meetings found." in nothing


def test_times_of_the_record_can_be_shown_in_the_reader_s_zone(scene, alices):
    line = scene.say("謝謝大家")
    text = alices.get(lines_of(scene)).content.decode()
    assert 'data-shown="day"' in text
    assert re.search(r'<time datetime="[^"]+[+-]\d\d:\d\d" data-shown="second">', text), line


def test_a_meeting_that_is_not_there_is_not_found(administrator):
    assert administrator.get("/staff/meetings/999/").status_code == 404


def write_hello(scene) -> None:
    Message.objects.create(
        pk="5b1f0c6e-9f5e-4c52-8d39-6d6a9a0c7d11",
        meeting=scene.meeting,
        participant=scene.alice,
        seq=9,
        sent_at=scene.meeting.started_at,
        text="hello",
    )


@pytest.mark.parametrize(
    "model",
    ["room", "meeting", "participant", "message", "clip", "caption", "translation", "connection"],
)
def test_the_administration_lists_searches_and_shows_everything(scene, administrator, model):
    scene.say("謝謝大家")
    write_hello(scene)
    listed = administrator.get(f"/admin/meet/{model}/", {"q": "" if model == "connection" else "a"})
    assert listed.status_code == 200
    for row in apps.get_model("meet", model).objects.all():
        assert administrator.get(f"/admin/meet/{model}/{row.pk}/change/").status_code == 200


def test_the_administration_plays_a_clip(scene, administrator):
    clip = scene.say("謝謝大家").clip
    for address in ("/admin/meet/clip/", f"/admin/meet/clip/{clip.pk}/change/"):
        text = administrator.get(address).content.decode()
        (address,) = {part.partition('"')[0] for part in text.split('<audio controls preload="none" src="')[1:]}
        assert administrator.get(address).status_code == 200


@pytest.mark.parametrize("model", ["meeting", "clip", "caption", "translation", "message"])
def test_what_the_journey_of_a_clip_writes_cannot_be_edited_by_hand(scene, administrator, model):
    caption = scene.say("謝謝大家")
    row = apps.get_model("meet", model).objects.first()
    if row is not None:
        assert administrator.post(f"/admin/meet/{model}/{row.pk}/change/", {"text": "forged"}).status_code == 403
    assert administrator.get(f"/admin/meet/{model}/add/").status_code == 403
    caption.refresh_from_db()
    assert caption.text == "謝謝大家"


@pytest.mark.parametrize("model", ["participant", "message", "clip", "caption", "translation", "connection"])
def test_what_belongs_to_a_meeting_is_not_deleted_alone(scene, administrator, settings, model):
    settings.TRANSLATOR = ["google"]
    scene.say("謝謝大家")
    write_hello(scene)
    Connection.objects.create(participant=scene.alice, process="a", seen_at=timezone.now())
    rows = apps.get_model("meet", model).objects
    before = rows.count()
    assert before
    for row in rows.all():
        assert administrator.post(f"/admin/meet/{model}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = [str(row.pk) for row in rows.all()]
    administrator.post(
        f"/admin/meet/{model}/", {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    )
    assert rows.count() == before


@pytest.mark.parametrize("model", ["meeting", "room"])
@pytest.mark.parametrize("selected", [True, False])
def test_a_meeting_or_a_room_is_deleted_with_all_that_belongs_to_it(scene, administrator, model, selected):
    scene.say("謝謝大家")
    row = scene.meeting if model == "meeting" else scene.room
    address, fields = f"/admin/meet/{model}/", {"action": "delete_selected", "_selected_action": str(row.pk)}
    if not selected:
        address, fields = f"{address}{row.pk}/delete/", {}
    assert administrator.post(address, {"post": "yes", **fields}).status_code == 302
    assert not type(row).objects.exists()
    assert not Clip.objects.exists()


def test_staff_without_the_right_delete_no_meeting(scene, administrator, django_user_model):
    django_user_model.objects.filter(username="ada").update(is_superuser=False, is_staff=True)
    answer = administrator.post(f"/admin/meet/meeting/{scene.meeting.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403


def test_a_room_can_be_renamed_and_keeps_its_address(scene, administrator):
    administrator.post(f"/admin/meet/room/{scene.room.pk}/change/", {"name": "New", "slug": "guessed"})
    slug = scene.room.slug
    scene.room.refresh_from_db()
    assert (scene.room.name, scene.room.slug) == ("New", slug)


def test_who_said_a_line_withdraws_it_from_the_record(scene, alices):
    caption = scene.say("收回這句")
    scene.say("Bob's own", "en", scene.join("Bob"), after=3)
    page = alices.get(lines_of(scene)).content.decode()
    assert page.count('name="clip"') == 1
    answer = alices.post(f"{lines_of(scene)}withdraw/", {"clip": str(caption.pk), "page": "1"}, follow=True)
    assert "收回這句" not in answer.content.decode()
    assert 'data-testid="withdrawn"' in answer.content.decode()
    assert not (settings.MEDIA_ROOT / caption.clip.audio).exists()


def test_nobody_withdraws_a_line_of_somebody_else_from_the_record(scene, alices):
    caption = scene.say("Bob's own", "en", scene.join("Bob"))
    address = f"{lines_of(scene)}withdraw/"
    for clip in (str(caption.pk), "nonsense", ""):
        assert alices.post(address, {"clip": clip}).status_code == 403
    assert Client().post(address, {"clip": str(caption.pk)}).status_code == 404
    assert Clip.objects.get(pk=caption.pk).state == Clip.State.CAPTIONED


def test_a_folded_line_stands_once_in_the_record_with_its_copy_under_it(scene, alices):
    head = scene.say("我們決定延後合約。")
    copy = scene.say("我們決定延後合同。", by=scene.join("Bob"))
    copy.folded_into = head
    copy.save()
    page = alices.get(lines_of(scene))
    assert [line["text"] for line in page.context["lines"]] == ["我們決定延後合約。"]
    assert 'data-testid="fold-mark"' in page.content.decode()
    assert "我們決定延後合同。" in page.content.decode()
