"""Django's settings, and the only place of the web tier that reads the environment. docs/settings.md has the table."""

import logging
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from meeting import environment as env
from meeting import host_names, listening_socket
from meeting.secret_key import read_or_make

BASE_DIR = Path(__file__).resolve().parent.parent

# --- where and how it serves -------------------------------------------------------------------------
HTTPS = env.mode("HTTPS", "off", ["local"])  # on: a proxy in front speaks it; local: we do, under a root of our own
HTTPS_CERT, HTTPS_KEY = env.file("HTTPS_CERT"), env.file("HTTPS_KEY")  # we do, with these
# phones are why we speak it ourselves, so others must reach us then
HOST = env.text("HOST", "0.0.0.0" if HTTPS == "local" or HTTPS_CERT else "127.0.0.1")  # noqa: S104
PORT = env.integer("PORT", 8000, 0, 65535)
WEB_PROCESSES = env.integer("WEB_PROCESSES", 1, 1, 64)
if WEB_PROCESSES > 1 and not listening_socket.INHERITABLE:
    raise env.refuse("WEB_PROCESSES", str(WEB_PROCESSES), "needs a socket that processes can share", "On Windows: 1.")
WEB_NAME = env.text("WEB_NAME", "web")  # which of them this is: `serve` says so
DEBUG = env.flag("DEBUG", default=False)
DATA_DIR = env.folder("DATA_DIR", BASE_DIR)
LOG_DIR = env.text("LOG_DIR")
SECRET_KEY = env.text("SECRET_KEY") or read_or_make(DATA_DIR / "secret_key")


HTTPS_ROOT = DATA_DIR / "https" / "root.crt" if HTTPS == "local" else None
if bool(HTTPS_CERT) != bool(HTTPS_KEY):
    raise env.refuse("HTTPS_CERT", str(HTTPS_CERT or ""), "and HTTPS_KEY belong together", "Set both, or neither.")
if HTTPS_CERT and HTTPS != "off":
    raise env.refuse("HTTPS", HTTPS, "and HTTPS_CERT are two ways to one thing", "Give one or the other.")
if HTTPS_ROOT:
    HTTPS_CERT, HTTPS_KEY = HTTPS_ROOT.with_name("server.crt"), HTTPS_ROOT.with_name("server.key")
# a proxy says how it was asked in X-Forwarded-Proto, -Host and -For; anybody else may say so too
PROXY_HEADERS = env.choices("PROXY_HEADERS", ["proto"] if HTTPS == "on" else [], ["proto", "host", "for"])
if HTTPS == "on" and "proto" not in PROXY_HEADERS:
    raise env.refuse(
        "PROXY_HEADERS", ",".join(PROXY_HEADERS), "lacks proto", "HTTPS=on is known by that alone: add it."
    )


def own_names() -> list[str]:
    """What a browser may have typed to reach us: this machine's names and addresses, and the certificate's."""
    found = {*host_names.names(), *(f"[{ip}]" if ip.version == 6 else str(ip) for ip in host_names.addresses())}
    if HTTPS_CERT and not HTTPS_ROOT:
        from meeting import certificate

        found.update(host.removeprefix("*") for host in certificate.hosts_in(HTTPS_CERT))
    return sorted(found | ({HOST} - {"0.0.0.0", "::"}))  # noqa: S104 - compared, not bound


# loopback always: what watches over this process asks from this machine, by address
ALLOWED_HOSTS = sorted({*env.words("ALLOWED_HOSTS", own_names()), "localhost", "127.0.0.1", "[::1]"})

# --- speech ------------------------------------------------------------------------------------------
SPEECH_URL = env.address("SPEECH_URL", ["http", "https"])
SPEECH_TOKEN = env.text("SPEECH_TOKEN")
CLIP_MAX_SECONDS = env.number("CLIP_MAX_SECONDS", 20, 6, 30)
CLIP_SILENCE_SECONDS = env.number("CLIP_SILENCE_SECONDS", 1, 0.3, 5)

# --- translation -------------------------------------------------------------------------------------
LIBRE_URL = env.address("LIBRE_URL", ["http", "https"])
LIBRE_API_KEY = env.key("LIBRE_API_KEY")
DEEPL_API_KEY = env.key("DEEPL_API_KEY")
MICROSOFT_API_KEY = env.key("MICROSOFT_API_KEY")
MICROSOFT_REGION = env.key("MICROSOFT_REGION")
OPENAI_API_KEY = env.key("OPENAI_API_KEY")
OPENAI_BASE_URL = env.address("OPENAI_BASE_URL", ["http", "https"])
TRANSLATION_MODEL = env.text("TRANSLATION_MODEL", "gpt-5.4-mini")
# `whisper` is the speech model itself, which makes English of what it hears
TRANSLATORS = ["google", "mymemory", "libre", "deepl", "microsoft", "chatgpt", "whisper"]
# who names a server of their own means that one: no text goes to anybody else unless TRANSLATOR says so
TRANSLATOR = env.choices("TRANSLATOR", ["libre"] if LIBRE_URL else ["google", "mymemory"], [*TRANSLATORS, "off"])
TRANSLATE_TO = env.choices("TRANSLATE_TO", ["zh-Hant", "zh-Hans", "en", "ja"], ["zh-Hant", "zh-Hans", "en", "ja"])
if "off" in TRANSLATOR and len(TRANSLATOR) > 1:
    raise env.refuse("TRANSLATOR", ",".join(TRANSLATOR), "says both `off` and a translator", "Give one or the other.")
for _name, _needs, _has in [
    ("libre", "an address", {"LIBRE_URL": LIBRE_URL}),
    ("deepl", "a key", {"DEEPL_API_KEY": DEEPL_API_KEY}),
    ("microsoft", "a key", {"MICROSOFT_API_KEY": MICROSOFT_API_KEY}),
    # a server of one's own may want no key
    ("chatgpt", "a key", {"OPENAI_API_KEY": OPENAI_API_KEY, "OPENAI_BASE_URL": OPENAI_BASE_URL}),
]:
    if _name in TRANSLATOR and not any(_has.values()):
        raise env.refuse(
            "TRANSLATOR", ",".join(TRANSLATOR), f"names {_name} without {_needs}", f"Set {' or '.join(_has)} as well."
        )

# --- storage -----------------------------------------------------------------------------------------
MEDIA_ROOT = DATA_DIR / "media"
PARTS_DIR = DATA_DIR / "parts"
REDIS_URL = env.address("REDIS_URL", ["redis", "rediss", "unix"])
DATABASE_URL = env.address("DATABASE_URL", ["sqlite", "postgres", "postgresql"], f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
DATABASES: dict[str, Any] = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=60)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at BEGIN: deferred transactions fail under two writers instead of waiting
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS: dict[str, Any] = {
    # the pub/sub layer: the other one drops group messages over its capacity
    "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
}

CACHES: dict[str, Any] = {
    # pieces of pages, in each process's memory; who edits templates sees at once what comes of it
    "default": {"BACKEND": f"django.core.cache.backends.{'dummy.DummyCache' if DEBUG else 'locmem.LocMemCache'}"}
}

# --- the application ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "meet",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
if HTTPS_CERT:
    MIDDLEWARE.insert(0, "meeting.https.plain_http.plain_door")
ROOT_URLCONF = "meeting.urls"
ASGI_APPLICATION = "meeting.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- languages and time ------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hant", _("Traditional Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.time_zone("TIME_ZONE")

# --- static files ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static_collected"
STATICFILES_DIRS: list[Any] = [
    BASE_DIR / "static",
    ("vendor/rnnoise", BASE_DIR / "node_modules/@jitsi/rnnoise-wasm/dist"),
]
ICONS = BASE_DIR / "node_modules/@iconify-json/lucide/icons.json"  # drawn into the pages by `{% icon %}`
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "meeting.static_storage.ModuleManifestStorage"
    },
}

# --- security ----------------------------------------------------------------------------------------
# without HTTPS, a browser on this machine must get in all the same; a proxy's is known by its headers
# (meeting/serving/proxy_headers.py)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS == "on" or bool(HTTPS_CERT)
if SESSION_COOKIE_SECURE:  # names of their own: plain HTTP on another port may not set what these have set
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SECURE_SSL_REDIRECT = HTTPS == "on"  # where we speak it ourselves, `meeting/https/plain_http.py` shows the way
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 30 if HTTPS == "on" else 0  # a root of our own pins nobody to anything
SECURE_REDIRECT_EXEMPT = ["^livez$", "^healthz$", "^metrics$"]  # a balancer asks the process itself
# every sub-domain and every browser's own list: not ours to decide for somebody's whole domain
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, "'wasm-unsafe-eval'"],
        "worker-src": [SELF, "blob:"],
        "media-src": [SELF, "blob:"],
        "img-src": [SELF, "data:"],
        # `self` covers ws and wss of the page's own host in every browser we serve
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}


# --- logs: ids, durations and errors, never what somebody said ----------------------------------------
def is_no_health_check(record: logging.LogRecord) -> bool:
    """What /healthz answers is its answer, not an error of ours: it is asked every few seconds."""
    return getattr(getattr(record, "request", None), "path", "") != "/healthz"


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_health": {"()": "django.utils.log.CallbackFilter", "callback": is_no_health_check}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_health"]},
        **(
            {
                "file": {
                    "class": "logging.handlers.RotatingFileHandler",
                    "filename": env.folder("LOG_DIR", DATA_DIR) / f"{WEB_NAME}.log",
                    "maxBytes": 10_000_000,
                    "backupCount": 5,
                    "formatter": "line",
                }
            }
            if LOG_DIR
            else {}
        ),
    },
    "root": {"handlers": ["console", *(["file"] if LOG_DIR else [])], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "opencc": {"level": "WARNING"},
        "openai": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
    },
}
