"""What the page's own scripts say to people: put into the page in the reader's language."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_FAULT = _("This page said something that the server does not understand. Load it again.")
REFUSALS: dict[str, str | Promise] = {
    # a clip
    "bad_time": _("This recording's time is no time."),
    "too_old": _("This recording is more than 24 hours old."),
    "in_future": _("This recording's time lies in the future. Check this machine's clock."),
    "not_yours": _("This recording belongs to somebody else."),
    "bad_type": _("This is no recording of sound."),
    "clip_too_large": _("It is larger than a recording may be."),
    "withdrawn": _("It was withdrawn."),
    "deleted": _("The meeting it belongs to was deleted."),
    # anything else
    "not_your_line": _("Only who said it withdraws it."),
    "not_your_fold": _("Only the host and those whose microphones these are take them apart."),
    "too_large": _("Something was too large to be sent."),
    "too_many_clips": _("Too many recordings wait to be sent. They go out a few at a time."),
    "too_many_messages": _("Many messages came in a short time. What waits is sent in a moment, by itself."),
    "too_many_names": _("The name was changed very often in a short time. Try again in a moment."),
    "storage": _("The server could not write down what arrived. It is kept here and sent again."),
    "internal": _("Something failed on the server. What you said is kept here and sent again."),
    "too_much": _(
        "More was sent at once than the server takes. The line is opened again, and what is missing sent once more."
    ),
    "empty_message": _("A message needs some text."),
    "not_host": _("Only the host decides this."),
    "bad_name": _("This name cannot be used. It needs 1 to 40 visible characters."),
    "bad_room_name": _("This name cannot be used. It needs 1 to 80 visible characters."),
    "not_joined": _("Join the room first."),
    "unknown_clip": _("A part of what you said arrived out of place, and was not taken."),
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
    "microphone-any": _("Standard microphone"),
    "refused": _("The microphone was refused. Allow it in the browser's address bar, then press Record again."),
    "missing": _("No microphone was found. Plug one in, then press Record again."),
    "busy": _("The microphone is in use by another program. Close that program, then press Record again."),
    "insecure": _("Browsers give a microphone to HTTPS pages and to localhost only. Open this page over HTTPS."),
    "unsupported": _("This browser cannot record. A current Chrome, Edge, Firefox or Safari can."),
    "taken-away": _("The microphone was taken away. What you said until then was sent. Press Record to go on."),
    "muted": _("The microphone is muted by this machine. Nothing is heard until it is turned on again."),
    "no-signal": _(
        "No sound at all comes from this microphone. Is it muted or switched off? Recording goes on when sound comes."
    ),
    "faint": _("Your microphone is very quiet. Come closer to it, or raise its volume."),
    "fell-back": _("{gone} was taken away. Recording goes on with {taken}; {seconds} s in between were not recorded."),
    "vad": _("The speech detector could not be loaded. Check the connection, then press Record again."),
    "no-sound": _(
        "This browser has nothing to play sound on, and without that it hears nothing. Set up a loudspeaker or "
        "headphones in the system's sound settings (on Linux, start its sound server), then press Record again."
    ),
    "recorder": _("Recording failed. Press Record to start again."),
    "lost-muted": _("Not recorded, {seconds} s from {from} to {to}: the microphone was muted."),
    "lost-interrupted": _("Not recorded, {seconds} s from {from} to {to}: the microphone was interrupted."),
    "lost-lost": _("Not recorded, {seconds} s in all from {from} to {to}: this machine was too busy."),
    "lost-full": _("{seconds} s of what was said from {from} to {to} are gone: too much was waiting to be sent."),
    "not-kept": _("This browser cannot keep what is not sent yet. Leave this page open until everything was sent."),
    "unsent-audio": _("{seconds} s of what you said not sent yet"),
    # the sound of a tab or the computer
    "share-sound": _("Share the sound of another tab or of this computer: its words appear as a speaker of their own"),
    "share-stop": _("Stop sharing the sound"),
    "share-off": _("No sound is shared"),
    "share-starting": _("The sound is shared as soon as the server answers"),
    "share-listening": _("Sound is shared"),
    "share-speaking": _("Sound is shared, and somebody speaks in it"),
    "share-refused": _("Nothing was shared. To share, choose a tab, and allow its sound."),
    "share-silent": _("That was shared without its sound. Choose it again, and tick «Also share audio» there."),
    "share-failed": _("The sound could not be had. Choose another tab, or try again."),
    "share-hint": _("Wear headphones while sound is shared: what a loudspeaker plays would be captioned twice."),
    "share-missed": _("Not recorded, {seconds} s of the shared sound from {from} to {to}."),
    "too-large": _("A part of what you said at {from} was too large to be sent."),
    "clip-refused": _("What you said at {from} was not taken: {why}"),
    # why something was refused, by the server's code
    **{f"why-{code}": reason for code, reason in REFUSALS.items()},
    # people, captions, chat
    "you": _("you"),
    "yours": _("yours"),
    "host": _("host"),
    "told-apart": _("Somebody else goes by this name already. You are shown as {name}."),
    "language-gone": _("{language} is not spoken here any more, says the host. Your language is found out by itself."),
    "not-now": _("The line to the server is gone for the moment. Try again when it is back."),
    "waiting": _("translating…"),
    "by-speech-model": _("speech model"),
    "by-speech-model-hint": _("Translated by the speech model, as no translator answered or none is in use"),
    "earlier": _("Earlier lines"),
    "earlier-failed": _("Earlier lines could not be loaded. Try again"),
    "gap": _("What {name} said here could not be made out."),
    "gap-too-long": _("What {name} said here is longer than a recording may be."),
    "gap-unknown-language": _("What {name} said here is in a language that the model does not know."),
    "gap-missing": _("A part of what {name} said here is missing."),
    "gap-no-words": _("Speech from {name} was heard here, but no words could be recognized."),
    "gap-within": _("… {seconds} s not understood"),
    "gap-within-where": _("Speech was heard at {times} s of this line, but no words could be recognized."),
    "withdrawn": _("{name} withdrew what was said here."),
    "withdrawn-at": _("Withdrawn at {time}"),
    "folded": _("also through {name}'s microphone"),
    "announced": _("{name}: {text}"),
    "copied": _("Copied"),
    "unsent": _("not sent yet"),
}

JOIN: dict[str, str | Promise] = {
    "microphone-n": ROOM["microphone-n"],
    "microphone-any": ROOM["microphone-any"],
    "test-start": _("Test microphone"),
    "test-stop": _("End the test"),
    "test-opening": ROOM["state-starting"],
    "test-listening": _("Say something …"),
    "test-heard": _("We hear you."),
    "test-faint": _("We hear you, but faintly. Come closer to the microphone, or raise its volume."),
    "test-nothing": _(
        "Nothing is heard: no sound at all comes from this microphone. Is it muted, or is it another one?"
    ),
    "test-no-speech": _("There is sound, but no speech in it yet. Say a sentence, or choose another microphone."),
    "test-refused": _("The microphone was refused. Allow it in the browser's address bar, then test again."),
    "test-missing": _(
        "No microphone was found. Plug one in, then test again. Without one you can still read and write."
    ),
    "test-busy": _("The microphone is in use by another program. Close that program, then test again."),
    "test-insecure": _(
        "Browsers give a microphone to HTTPS pages and to localhost only. Over this address you can read and write."
    ),
    "test-unsupported": ROOM["unsupported"],
    "test-taken-away": _("The microphone was taken away. Choose another one, or plug it in and test again."),
    "test-vad": _("The speech detector could not be loaded. Check the connection, then test again."),
    "test-no-sound": _(
        "This browser has nothing to play sound on, and without that it hears nothing. Set up a loudspeaker or "
        "headphones in the system's sound settings (on Linux, start its sound server), then test again."
    ),
}
