"""UI texts for the page's scripts, translated into the reader's language."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_FAULT = _("The server did not understand this page. Reload it.")
REFUSALS: dict[str, str | Promise] = {
    # a clip
    "bad_time": _("This recording has an invalid timestamp."),
    "too_old": _("This recording is more than 24 hours old."),
    "in_future": _("This recording is dated in the future. Check this computer's clock."),
    "not_yours": _("This recording belongs to somebody else."),
    "bad_type": _("This is not an audio recording."),
    "clip_too_large": _("The recording is too large."),
    "withdrawn": _("It was withdrawn."),
    "deleted": _("The meeting it belongs to was deleted."),
    # anything else
    "not_your_line": _("Only the speaker can withdraw a line."),
    "not_your_fold": _("Only the host or the two speakers can separate these lines."),
    "too_large": _("That was too large to send."),
    "too_many_clips": _("Many recordings are waiting to be sent. They are sent a few at a time."),
    "too_many_messages": _("You are sending messages too fast. The rest are sent automatically in a moment."),
    "too_many_names": _("You have changed your name too often. Try again in a moment."),
    "storage": _("The server could not save what you sent. It is kept in this browser and sent again."),
    "internal": _("Something went wrong on the server. What you said is kept in this browser and sent again."),
    "too_much": _("Too much was sent at once. The connection is restarted, and the missing parts are sent again."),
    "empty_message": _("Write a message first."),
    "not_host": _("Only the host can do this."),
    "bad_name": _("This name cannot be used. It needs 1 to 40 visible characters."),
    "bad_room_name": _("This name cannot be used. It needs 1 to 80 visible characters."),
    "not_joined": _("Join the room first."),
    "unknown_clip": _("Part of what you said arrived out of order and was not accepted."),
    "bad_frame": _FAULT,
    "bad_json": _FAULT,
    "unknown_event": _FAULT,
    "bad_field": _FAULT,
}

ROOM: dict[str, str | Promise] = {
    # the connection
    "online": _("Online"),
    "reconnecting": _("Reconnecting…"),
    "offline": _("Offline"),
    "line-ms": _("{ms} ms"),
    "captions-s": _("captions {s} s"),
    # recording
    "record": _("Record"),
    "stop": _("Stop recording"),
    "state-off": _("Record"),
    "state-starting": _("Opening the microphone…"),
    "state-listening": _("Listening"),
    "state-speaking": _("Speaking"),
    "state-sending": _("Sending…"),
    "microphone-n": _("Microphone {n}"),
    "microphone-any": _("Default microphone"),
    "refused": _("Microphone access was denied. Allow it in the browser's address bar, then press Record again."),
    "missing": _("No microphone was found. Plug one in, then press Record again."),
    "busy": _("The microphone is in use by another program. Close that program, then press Record again."),
    "insecure": _("Browsers allow the microphone only on HTTPS pages and localhost. Open this page over HTTPS."),
    "unsupported": _("This browser cannot record. Use a current version of Chrome, Edge, Firefox or Safari."),
    "taken-away": _("The microphone was disconnected. What you said before that was sent. Press Record to continue."),
    "muted": _("Your microphone is muted in the system settings. Nothing is recorded until you unmute it."),
    "no-signal": _(
        "No sound is coming from this microphone. Is it muted or switched off? Recording continues as soon as there "
        "is sound."
    ),
    "faint": _("Your microphone is very quiet. Move closer to it or raise its volume."),
    "fell-back": _(
        "{gone} was disconnected. Recording continues with {taken}; {seconds} s in between were not recorded."
    ),
    "vad": _("The speech detector could not be loaded. Check your connection, then press Record again."),
    "no-sound": _(
        "This browser has nothing to play sound on, and without that it hears nothing. Set up a loudspeaker or "
        "headphones in the system's sound settings (on Linux, start its sound server), then press Record again."
    ),
    "recorder": _("Recording failed. Press Record to start again."),
    "lost-muted": _("{seconds} s from {from} to {to} were not recorded: the microphone was muted."),
    "lost-interrupted": _("{seconds} s from {from} to {to} were not recorded: the microphone was interrupted."),
    "lost-lost": _("{seconds} s in all from {from} to {to} were not recorded: this computer was too busy."),
    "lost-full": _("{seconds} s of speech from {from} to {to} are lost: too much was waiting to be sent."),
    "not-kept": _("This browser cannot store what is not sent yet. Keep this page open until everything is sent."),
    "unsent-audio": _("{seconds} s of your speech not sent yet"),
    # the sound of a tab or the computer
    "share-sound": _("Share the sound of another tab or of this computer; it is captioned as a speaker of its own"),
    "share-stop": _("Stop sharing the sound"),
    "share-off": _("Not sharing sound"),
    "share-starting": _("Sharing starts as soon as the server answers"),
    "share-listening": _("Sharing sound"),
    "share-speaking": _("Sharing sound: someone is speaking"),
    "share-refused": _("Nothing was shared. Choose a tab and allow its audio."),
    "share-silent": _("That was shared without audio. Share it again and tick «Also share audio»."),
    "share-failed": _("Could not capture the audio. Choose another tab or try again."),
    "share-hint": _(
        "Wear headphones while sharing sound. Otherwise your microphone picks it up, and it is captioned twice."
    ),
    "share-missed": _("{seconds} s of the shared sound from {from} to {to} were not recorded."),
    "too-large": _("Part of what you said at {from} was too large to send."),
    "clip-refused": _("What you said at {from} was not accepted: {why}"),
    # why something was refused, by the server's code
    **{f"why-{code}": reason for code, reason in REFUSALS.items()},
    # people, captions, chat
    "you": _("you"),
    "yours": _("yours"),
    "host": _("host"),
    "told-apart": _("Someone else already uses this name. You are shown as {name}."),
    "language-gone": _(
        "The host removed {language} from the spoken languages. Your language is now detected automatically."
    ),
    "not-now": _("Connection lost. Try again once you are back online."),
    "waiting": _("translating…"),
    "by-speech-model": _("speech model"),
    "by-speech-model-hint": _(
        "Translated by the speech model, because no translation service answered or none is in use"
    ),
    "earlier": _("Earlier lines"),
    "earlier-failed": _("Earlier lines could not be loaded. Try again"),
    "gap": _("What {name} said here could not be recognized."),
    "gap-too-long": _("What {name} said here is too long for one recording."),
    "gap-unknown-language": _("What {name} said here is in a language the model does not know."),
    "gap-missing": _("Part of what {name} said here is missing."),
    "gap-no-words": _("{name} spoke here, but no words could be recognized."),
    "gap-within": _("… {seconds} s not recognized"),
    "gap-within-where": _("There is speech at {times} s of this line, but no words could be recognized."),
    "withdrawn": _("{name} withdrew what was said here."),
    "withdrawn-at": _("Withdrawn at {time}"),
    "folded": _("also heard through {name}'s microphone"),
    "announced": _("{name}: {text}"),
    "copied": _("Copied"),
    "unsent": _("not sent yet"),
}

JOIN: dict[str, str | Promise] = {
    "microphone-n": ROOM["microphone-n"],
    "microphone-any": ROOM["microphone-any"],
    "test-start": _("Test microphone"),
    "test-stop": _("Stop the test"),
    "test-opening": ROOM["state-starting"],
    "test-listening": _("Say something …"),
    "test-heard": _("Your microphone works."),
    "test-faint": _("Your microphone works, but it is very quiet. Move closer to it or raise its volume."),
    "test-nothing": _("No sound is coming from this microphone. Is it muted, or is it the wrong one?"),
    "test-no-speech": _("There is sound, but no speech yet. Say a sentence, or choose another microphone."),
    "test-refused": _("Microphone access was denied. Allow it in the browser's address bar, then test again."),
    "test-missing": _(
        "No microphone was found. Plug one in, then test again. Without one you can still read and write."
    ),
    "test-busy": _("The microphone is in use by another program. Close that program, then test again."),
    "test-insecure": _(
        "Browsers allow the microphone only on HTTPS pages and localhost. At this address you can read and write."
    ),
    "test-unsupported": ROOM["unsupported"],
    "test-taken-away": _("The microphone was disconnected. Choose another one, or plug it in and test again."),
    "test-vad": _("The speech detector could not be loaded. Check your connection, then test again."),
    "test-no-sound": _(
        "This browser has nothing to play sound on, and without that it hears nothing. Set up a loudspeaker or "
        "headphones in the system's sound settings (on Linux, start its sound server), then test again."
    ),
}
