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
    "clip_too_large": _("It is larger than a recording may be."),
    # anything else
    "too_large": _("Something was too large to be sent."),
    "too_many_clips": _("Too many recordings wait to be sent. They go out a few at a time."),
    "storage": _("The server could not write down what arrived. It is kept here and sent again."),
    "internal": _("Something failed on the server. What you said is kept here and sent again."),
    "too_much": _(
        "More was sent at once than the server takes. The line is opened again, and what is missing sent once more."
    ),
    "empty_message": _("A message needs some text."),
    "not_host": _("Only the host ends the meeting."),
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
    "offline": _("Offline: your words are kept and sent later"),
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
    "missing": _("No microphone was found. Plug one in, or choose another one."),
    "busy": _("The microphone is in use by another program. Close that program, then press Record again."),
    "insecure": _("Browsers give a microphone to HTTPS pages and to localhost only. Open this page over HTTPS."),
    "unsupported": _("This browser cannot record. A current Chrome, Edge, Firefox or Safari can."),
    "taken-away": _("The microphone was taken away. What you said until then was sent. Press Record to go on."),
    "muted": _("The microphone is muted by this machine. Nothing is heard until it is turned on again."),
    "vad": _("The speech detector could not be loaded. Check the connection, then press Record again."),
    "recorder": _("Recording failed. Press Record to start again."),
    "lost-muted": _("Not recorded, {seconds} s from {from} to {to}: the microphone was muted."),
    "lost-interrupted": _("Not recorded, {seconds} s from {from} to {to}: the microphone was interrupted."),
    "lost-lost": _("Not recorded, {seconds} s in all from {from} to {to}: this machine was too busy."),
    "lost-full": _("{seconds} s of what was said from {from} to {to} are gone: too much was waiting to be sent."),
    "too-large": _("A part of what you said at {from} was too large to be sent."),
    "clip-refused": _("What you said at {from} was not taken: {why}"),
    # why something was refused, by the server's code
    **{f"why-{code}": reason for code, reason in REFUSALS.items()},
    # people, captions, chat
    "you": _("you"),
    "host": _("host"),
    "waiting": _("translating…"),
    "gap": _("What {name} said here could not be made out."),
    "gap-missing": _("A part of what {name} said here is missing."),
    "announced": _("{name}: {text}"),
    "copied": _("Copied"),
    "unsent": _("not sent yet"),
}
