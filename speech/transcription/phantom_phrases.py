"""Phantom phrases: what Whisper writes where nobody speaks, the ends of the videos it learned from.

From the literature for zh, en and ja, and from what the real model writes for sounds without speech
(docs/invented-words.md; `python -m tools.invented_words` measures it anew). As `checks.bare` has them.
"""

from __future__ import annotations

PHANTOMS = frozenset(
    {
        # English
        "thanks for watching", "thank you for watching", "thank you so much for watching",
        "thanks for watching and see you next time", "please subscribe", "subscribe to my channel",
        "please like and subscribe", "dont forget to like and subscribe", "thank you", "thank you very much",
        "thank you so much", "thanks", "you", "bye", "bye bye", "the end", "okay", "so", "i", "oh",
        "see you in the next video", "ill see you next time", "subtitles by the amaraorg community",
        "transcription by castingwords", "transcribed by httpsotterai", "music", "applause", "silence",
        "im sorry", "im going to go to the next one", "give us a round of applause",
        # Chinese, both scripts
        "謝謝觀看", "谢谢观看", "謝謝收看", "谢谢收看", "感謝觀看", "感谢观看", "感謝收看", "感谢收看", "謝謝大家",
        "谢谢大家", "謝謝", "谢谢", "謝謝大家收看", "谢谢大家收看", "字幕由amaraorg社區提供",
        "字幕由amaraorg社区提供", "字幕by索兰娅", "字幕志愿者楊茜茜", "字幕志愿者杨茜茜", "中文字幕志愿者李宗盛",
        "中文字幕志願者李宗盛", "中文字幕志愿者", "字幕志願者", "請不吝點贊訂閱轉發打賞支持明鏡與點點欄目",
        "请不吝点赞订阅转发打赏支持明镜与点点栏目", "請訂閱我的頻道", "请订阅我的频道",
        "優優獨播劇場yoyotelevisionseriesexclusive",
        "优优独播剧场yoyotelevisionseriesexclusive", "下次再見", "下次再见", "我們下期再見", "我们下期再见", "嗯",
        "字幕製作人", "字幕制作人", "字幕by李宗", "字幕by李宗盛", "詞曲李宗盛", "词曲李宗盛", "詞曲李慧晨", "作詞",
        "作词", "請按讚訂閱按讚分享", "請按讚訂閱按讚按讚",
        # Japanese
        "ご視聴ありがとうございました", "ご視聴ありがとうございます", "最後までご視聴ありがとうございました",
        "最後までご視聴いただきありがとうございます", "ご清聴ありがとうございました",
        "ありがとうございました", "ありがとうございます",
        "チャンネル登録をお願いします", "チャンネル登録お願いします", "チャンネル登録よろしくお願いします",
        "高評価チャンネル登録よろしくお願いします", "字幕視聴ありがとうございました",
        "おやすみなさい", "お疲れ様でした", "おはようございます", "また次回", "それではまた明日",
        "それではまた次回お会いしましょう", "次回予告", "では", "はい", "ん", "んん",
    }
)  # fmt: skip
