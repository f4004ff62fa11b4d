"""The files of a meeting, on a real disk, from a real database."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from meet.models import Caption, Clip, Meeting, Participant, Translation
from meet.orm_pool import pooled
from meet.record import record, transcript_files
from tests.meet.scene import make_scene

pytestmark = pytest.mark.django_db(transaction=True)
PREFIXES = ("", "TW_", "CN_", "EN_", "JP_")


@pytest.fixture(autouse=True)
def with_a_translator(settings):
    settings.TRANSLATOR = ["google"]  # promises are made; nobody is asked here


@pytest.fixture
def scene():
    return make_scene()


def folder_of(scene) -> Path:
    return record.settings.MEDIA_ROOT / scene.room.slug / scene.meeting.folder


def content(scene, prefix: str) -> str:
    (path,) = folder_of(scene).glob(f"{prefix}combo_*.txt")
    return path.read_text(encoding="utf-8")


def rebuilt(scene) -> dict[str, str]:
    transcript_files.rebuild(scene.meeting.pk)
    return {prefix: content(scene, prefix) for prefix in PREFIXES}


def translate(caption: Caption, **texts: str) -> None:
    for language, text in texts.items():
        caption.translations.filter(language=language.replace("_", "-")).update(state="done", text=text)


def test_every_file_has_every_line_in_its_language_with_time_and_speaker(scene):
    bob = scene.join("Bob")
    chinese = scene.say("謝謝大家，會議結束。", "zh-Hant", after=0)
    translate(chinese, en="Thank you everyone.", ja="皆さんありがとう。")
    english = scene.say("We need sixty-five people.", "en", by=bob, after=4)
    translate(english, zh_Hant="我們需要六十五個人。", zh_Hans="我们需要六十五个人。", ja="六十五人が必要です。")
    assert rebuilt(scene) == {
        "": "[10:03:27] Alice: 謝謝大家，會議結束。\n[10:03:31] Bob: We need sixty-five people.\n",
        "TW_": "[10:03:27] Alice: 謝謝大家，會議結束。\n[10:03:31] Bob: 我們需要六十五個人。\n",
        "CN_": "[10:03:27] Alice: 谢谢大家，会议结束。\n[10:03:31] Bob: 我们需要六十五个人。\n",
        "EN_": "[10:03:27] Alice: Thank you everyone.\n[10:03:31] Bob: We need sixty-five people.\n",
        "JP_": "[10:03:27] Alice: 皆さんありがとう。\n[10:03:31] Bob: 六十五人が必要です。\n",
    }


def test_the_files_are_named_after_the_room_and_the_start(scene):
    rebuilt(scene)
    names = {path.name for path in folder_of(scene).glob("*.txt")}
    assert names == {f"{prefix}combo_{scene.room.slug}_20260102-100327.txt" for prefix in PREFIXES}


def test_a_waiting_translation_is_the_original_marked_as_waiting(scene):
    scene.say("We need sixty-five people.", "en")
    files = rebuilt(scene)
    assert files["TW_"] == "[10:03:27] Alice: (待翻譯) We need sixty-five people.\n"
    assert files["JP_"] == "[10:03:27] Alice: (翻訳待ち) We need sixty-five people.\n"


def test_a_line_that_will_not_be_translated_is_not_missing_either(scene, settings):
    settings.TRANSLATOR = ["off"]
    scene.say("We need sixty-five people.", "en")
    assert rebuilt(scene)["CN_"] == "[10:03:27] Alice: (未翻译) We need sixty-five people.\n"


async def test_after_a_start_without_a_translator_nothing_is_marked_as_waiting(scene, settings):
    await pooled(scene.say)("We need sixty-five people.", "en")
    await transcript_files.TranscriptWriter().write_due()
    assert "待翻譯" in content(scene, "TW_")
    settings.TRANSLATOR = ["off"]
    await pooled(lambda: Meeting.objects.update(files_lease_until=None))()
    await transcript_files.TranscriptWriter().write_due()
    assert content(scene, "TW_") == "[10:03:27] Alice: (未翻譯) We need sixty-five people.\n"


def test_chinese_as_spoken_is_in_traditional(scene):
    scene.say("谢谢大家", "zh-Hans")
    files = rebuilt(scene)
    assert "謝謝大家" in files[""]
    assert "謝謝大家" in files["TW_"]
    assert "谢谢大家" in files["CN_"]


def test_one_chinese_script_is_made_from_the_other_where_only_that_was_asked_for(scene, settings):
    settings.TRANSLATE_TO = ["zh-Hant"]
    translate(scene.say("Thank you", "en"), zh_Hant="謝謝")
    assert rebuilt(scene)["CN_"] == "[10:03:27] Alice: 谢谢\n"


def test_lines_are_in_the_order_they_were_spoken_whenever_they_came(scene):
    scene.say("third", "en", after=9)
    scene.say("first", "en", after=0)
    scene.say("second", "en", after=5)
    assert [line.split(": ")[1] for line in rebuilt(scene)[""].splitlines()] == ["first", "second", "third"]


def test_a_clip_that_failed_leaves_a_gap_line_and_a_silent_one_none(scene):
    scene.clip(after=1, state=Clip.State.FAILED, duration_ms=4200)
    scene.clip(after=2, state=Clip.State.SILENT)
    files = rebuilt(scene)
    assert files[""] == "[10:03:28] Alice: (speech that could not be understood, 4 s)\n"
    assert files["TW_"] == "[10:03:28] Alice: (無法辨識的一段話, 4 s)\n"


def test_names_and_texts_can_neither_end_a_line_nor_turn_it_around(scene):
    Participant.objects.filter(pk=scene.alice.pk).update(name="Al\u202eice\r\n[09:00:00] Bob")
    scene.say("one\u2028two\x85\x01three\u2067", "en")
    assert rebuilt(scene)[""] == "[10:03:27] Alice [09:00:00] Bob: one two three\n"


def test_a_line_of_another_day_than_the_start_has_its_date(scene):
    scene.say("late", "en", after=20 * 3600)
    assert rebuilt(scene)[""] == "[2026-01-03 06:03:27] Alice: late\n"


def test_the_longest_room_name_still_makes_a_file(settings):
    scene = make_scene("漢" * 80)
    scene.say("hello", "en")
    assert "hello" in rebuilt(scene)["EN_"]


def test_beside_each_clips_audio_lies_its_text_in_every_language(scene):
    caption = scene.say("謝謝大家", "zh-Hant")
    translate(caption, en="Thank you")
    rebuilt(scene)
    text = (record.settings.MEDIA_ROOT / caption.clip.audio).with_suffix(".txt").read_text(encoding="utf-8")
    assert text == (
        "[2026-01-02 10:03:27] Alice\nzh-Hant: 謝謝大家\nzh-Hans: 谢谢大家\nen: Thank you\nja: (翻訳待ち) 謝謝大家\n"
    )


def test_the_text_lies_beside_audio_that_is_written_only_later(scene):
    clip = scene.clip(audio="")
    scene.settle(clip, "hello", "en")
    rebuilt(scene)
    (path,) = (folder_of(scene) / "clips").glob(f"*-{clip.pk.hex[:8]}.txt")
    assert "en: hello" in path.read_text(encoding="utf-8")


async def test_the_text_beside_a_silent_clip_says_so(scene):
    clip = await pooled(lambda: scene.clip(state=Clip.State.SILENT))()
    await transcript_files.write_beside(clip.pk)
    path = (record.settings.MEDIA_ROOT / clip.audio).with_suffix(".txt")
    assert path.read_text(encoding="utf-8").endswith("(no speech)\n")


async def test_what_is_new_is_written_and_then_nothing_is_due(scene):
    await pooled(scene.say)("hello", "en")
    await transcript_files.write_due()
    assert "hello" in content(scene, "")
    meeting = await pooled(lambda: Meeting.objects.get())()
    assert meeting.files_seq == meeting.seq
    assert await transcript_files.due(timezone.now() + timedelta(minutes=1)) == []


async def test_a_meetings_files_are_written_at_most_every_two_seconds(scene):
    await pooled(scene.say)("first", "en")
    await transcript_files.write_due()
    await pooled(scene.say)("second", "en", after=1)
    await transcript_files.write_due()
    assert "second" not in content(scene, "")
    assert await transcript_files.due(timezone.now() + timedelta(seconds=2.5)) == [scene.meeting.pk]


async def test_a_second_process_does_not_write_while_one_has_the_lease(scene):
    await pooled(scene.say)("hello", "en")
    now = timezone.now()
    assert await transcript_files.take(scene.meeting.pk, now + transcript_files.LEASE, now) is not None
    assert await transcript_files.take(scene.meeting.pk, now + transcript_files.LEASE, now) is None
    later = now + transcript_files.LEASE
    assert await transcript_files.take(scene.meeting.pk, later + transcript_files.LEASE, later) is not None


async def test_files_overwritten_by_a_writer_that_lost_its_lease_are_due_again(scene):
    await pooled(scene.say)("hello", "en")
    now = timezone.now()
    slow = await transcript_files.take(scene.meeting.pk, now + transcript_files.LEASE, now)
    later = now + transcript_files.LEASE
    quick = await transcript_files.take(scene.meeting.pk, later + transcript_files.LEASE, later)
    assert slow is not None
    assert quick is not None
    await transcript_files.give_back(
        scene.meeting.pk, later + transcript_files.LEASE, quick.seq, later + transcript_files.PAUSE
    )
    await transcript_files.give_back(
        scene.meeting.pk, now + transcript_files.LEASE, slow.seq, later + transcript_files.PAUSE
    )
    assert await transcript_files.due(later + timedelta(seconds=3)) == [scene.meeting.pk]


async def test_what_comes_while_the_files_are_written_is_written_next_time(scene):
    await pooled(scene.say)("first", "en")
    now = timezone.now()
    sheet = await transcript_files.take(scene.meeting.pk, now + transcript_files.LEASE, now)
    assert sheet is not None
    await pooled(scene.say)("second", "en", after=1)
    await transcript_files.give_back(scene.meeting.pk, now + transcript_files.LEASE, sheet.seq, now)
    assert await transcript_files.due(now) == [scene.meeting.pk]


async def test_a_correction_by_another_process_and_back_is_seen_beside_the_clip(scene):
    writer, other = transcript_files.TranscriptWriter(), transcript_files.TranscriptWriter()
    caption = await pooled(scene.say)("right", "en")
    path = (record.settings.MEDIA_ROOT / caption.clip.audio).with_suffix(".txt")
    for who, text in ((writer, "right"), (other, "wrong"), (writer, "right")):
        await pooled(scene.settle)(caption.clip, text, "en")
        await pooled(lambda: Meeting.objects.update(files_lease_until=None))()
        await who.write_due()
        assert f"en: {text}" in path.read_text(encoding="utf-8")


async def test_a_disk_that_cannot_be_written_to_is_tried_again(scene, caplog):
    await pooled(scene.say)("hello", "en")
    root = record.settings.MEDIA_ROOT
    root.rename(root.with_name("away"))
    root.write_text("in the way")
    await transcript_files.write_due()
    assert "could not be written" in caplog.text
    root.unlink()
    assert await transcript_files.due(timezone.now() + transcript_files.LEASE) == [scene.meeting.pk]


def test_nobody_ever_reads_half_a_file_and_no_leftovers_stay(scene):
    left = folder_of(scene) / "clips" / f"{transcript_files.WRITING}left-by-a-killed-process"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    rebuilt(scene)
    assert [path.name for path in folder_of(scene).rglob(".*")] == []


def test_rebuilding_gives_the_same_bytes(scene):
    translate(scene.say("謝謝大家", "zh-Hant"), en="Thank you", ja="ありがとう")
    before = rebuilt(scene)
    for path in folder_of(scene).rglob("*.txt"):
        path.unlink()
    call_command("rebuild_transcripts", "--all", verbosity=0)
    assert {prefix: content(scene, prefix) for prefix in PREFIXES} == before


def test_a_room_or_a_meeting_can_be_named_for_rebuilding(scene, capsys):
    scene.say("hello", "en")
    call_command("rebuild_transcripts", scene.room.slug)
    assert scene.meeting.folder in capsys.readouterr().out
    assert "hello" in content(scene, "")


async def test_a_translation_that_comes_later_reaches_the_files(scene):
    caption = await pooled(scene.say)("hello", "en")
    await transcript_files.write_due()
    assert "翻訳待ち" in content(scene, "JP_")

    @pooled
    def arrives() -> None:
        from django.db import transaction

        from meet import event_numbers

        with transaction.atomic():
            Translation.objects.filter(caption=caption, language="ja").update(state="done", text="こんにちは")
            event_numbers.take(scene.meeting.pk)
        Meeting.objects.update(files_lease_until=None)

    await arrives()
    await transcript_files.write_due()
    assert content(scene, "JP_") == "[10:03:27] Alice: こんにちは\n"


async def test_two_processes_writing_at_once_leave_whole_files(scene):
    for n in range(30):
        await pooled(scene.say)(f"sentence number {n}", "en", after=n)
    writers = [transcript_files.TranscriptWriter() for _ in range(4)]
    for _ in range(3):
        await asyncio.gather(*(writer.write_due() for writer in writers))
        await pooled(lambda: Meeting.objects.update(files_lease_until=datetime.now(UTC)))()
    assert len(content(scene, "EN_").splitlines()) == 30
