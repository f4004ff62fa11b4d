"""Text that nobody spoke: Whisper's own rules, repetition, and phantom phrases. Pure; says why."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from speech.engines import Hypothesis

MAX_NO_SPEECH = 0.6
MIN_LOGPROB = -1.0
MAX_COMPRESSION_RATIO = 2.4
REPEATS = 5  # the same words so many times in a row, and little else
REPETITION = re.compile(rf"(.{{2,40}}?)\1{{{REPEATS - 1},}}")
WEAK_LOGPROB = -0.7
WEAK_NO_SPEECH = 0.3
# Nobody speaks faster than this for a whole clip: syllables of Chinese and kana, or letters, a second of voice
FASTEST_CJK = 14.0
FASTEST_LETTERS = 32.0

# What Whisper writes when it hears nothing: the ends of the videos it learned from.
PHANTOMS = frozenset(
    {
        # English
        "thanks for watching", "thank you for watching", "thank you so much for watching",
        "thanks for watching and see you next time", "please subscribe", "subscribe to my channel",
        "please like and subscribe", "dont forget to like and subscribe", "thank you", "thank you very much",
        "thank you so much", "thanks", "you", "bye", "bye bye", "the end", "okay", "so", "i", "oh",
        "see you in the next video", "ill see you next time", "subtitles by the amaraorg community",
        "transcription by castingwords", "transcribed by httpsotterai", "music", "applause", "silence",
        # Chinese, both scripts
        "謝謝觀看", "谢谢观看", "謝謝收看", "谢谢收看", "感謝觀看", "感谢观看", "感謝收看", "感谢收看", "謝謝大家",
        "谢谢大家", "謝謝", "谢谢", "謝謝大家收看", "谢谢大家收看", "字幕由amaraorg社區提供",
        "字幕由amaraorg社区提供", "字幕by索兰娅", "字幕志愿者楊茜茜", "字幕志愿者杨茜茜", "中文字幕志愿者李宗盛",
        "中文字幕志願者李宗盛", "中文字幕志愿者", "字幕志願者", "請不吝點贊訂閱轉發打賞支持明鏡與點點欄目",
        "请不吝点赞订阅转发打赏支持明镜与点点栏目", "請訂閱我的頻道", "请订阅我的频道",
        "優優獨播劇場yoyotelevisionseriesexclusive",
        "优优独播剧场yoyotelevisionseriesexclusive", "下次再見", "下次再见", "我們下期再見", "我们下期再见", "嗯",
        # Japanese
        "ご視聴ありがとうございました", "ご視聴ありがとうございます", "最後までご視聴ありがとうございました",
        "最後までご視聴いただきありがとうございます", "ご清聴ありがとうございました",
        "ありがとうございました", "ありがとうございます",
        "チャンネル登録をお願いします", "チャンネル登録お願いします", "チャンネル登録よろしくお願いします",
        "高評価チャンネル登録よろしくお願いします", "字幕視聴ありがとうございました",
        "おやすみなさい", "お疲れ様でした",
        "それではまた次回お会いしましょう", "次回予告", "では", "はい", "んん",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Suppressed:
    """Text that is not shown, and the reason; it is kept so that a person can review it."""

    text: str
    reason: str  # "no-speech" | "compression" | "repetition" | "phantom"


def judge(heard: Hypothesis, voiced_seconds: float) -> Suppressed | None:
    """The reason not to believe a hypothesis, or None. `voiced_seconds`: speech the gate found in the clip."""
    if not heard.text:
        return None
    if heard.no_speech_prob > MAX_NO_SPEECH and heard.avg_logprob < MIN_LOGPROB:
        return Suppressed(heard.text, "no-speech")
    if heard.compression_ratio > MAX_COMPRESSION_RATIO:
        return Suppressed(heard.text, "compression")
    if repeats(heard.text):
        return Suppressed(heard.text, "repetition")
    if is_phantom(heard.text) and _is_weak(heard, voiced_seconds):
        return Suppressed(heard.text, "phantom")
    return None


def is_phantom(text: str) -> bool:
    """Whether the whole text is a known phantom, or one said over and over; a part of a text never is."""
    plain = bare(text)
    parts = [bare(part) for part in re.split(r"[.!?。!?\n]+", text)]
    return plain in PHANTOMS or all(part in PHANTOMS for part in parts if part)


def repeats(text: str) -> bool:
    """Whether one piece, said `REPEATS` times or more in a row, makes up most of the text."""
    plain = bare(text)
    return any(len(found[0]) * 2 > len(plain) and len(found[0]) >= 20 for found in REPETITION.finditer(plain))


def _is_weak(heard: Hypothesis, voiced_seconds: float) -> bool:
    """Whether little speaks for a phrase that Whisper likes to invent.

    People do say "Thank you." and "謝謝大家". So the phrase goes only where the model itself doubts it (its
    probability, its no-speech probability, a raised temperature) or where the voice heard is too short for it.
    """
    if heard.avg_logprob < WEAK_LOGPROB or heard.no_speech_prob > WEAK_NO_SPEECH or heard.temperature > 0:
        return True
    plain = bare(heard.text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in plain)
    return wide / FASTEST_CJK + (len(plain) - wide) / FASTEST_LETTERS > voiced_seconds


def bare(text: str) -> str:
    """Letters and digits alone, lower case: "Thanks, for watching!" is "thanks for watching"."""
    plain = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(letter for letter in plain if letter.isalnum() or letter in " ー")
    words = " ".join(kept.split())
    return re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", words)
