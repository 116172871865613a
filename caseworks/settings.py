"""Settings, read from the environment; every name is described in docs/configuration.md."""

from pathlib import Path
from urllib.parse import unquote

import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

# A checkout that nobody configured (no database given) is a development checkout; with a database given, DEBUG has
# to be asked for.
DEBUG = env.bool("CASEWORKS_DEBUG", default="DATABASE_URL" not in env.ENVIRON)
VAR = Path(env.str("CASEWORKS_VAR", default=str(BASE_DIR / "var")))
TRAINING = env.bool("CASEWORKS_TRAINING", default=False)
# a named point at which the process dies; refused unless DEBUG or TRAINING (caseworks.base.faults)
FAULT = env.str("CASEWORKS_FAULT", default="")
TRAINING_PASSWORD = env.str("CASEWORKS_TRAINING_PASSWORD", default="")  # of the training staff that `setup` makes


def secret(name: str, development: str) -> str:
    """A secret from the environment; a known value serves under DEBUG only."""
    value = env.str(name, default="")
    if value:
        return value
    if DEBUG:
        return development
    raise ImproperlyConfigured(f"{name} is not set. See docs/configuration.md.")


SECRET_KEY = secret("CASEWORKS_SECRET_KEY", "development only, never a secret")
# "1:<base64 of 32 bytes>,2:<…>": the highest version seals, every version opens.
SEAL_KEYS = secret("CASEWORKS_SEAL_KEYS", "1:ZGV2ZWxvcG1lbnQtb25seS1zZWFsLWtleS0zMi1ieXQ=")
# base64 of 32 bytes: the key of the keyed hashes by which sealed values are looked up.
LOOKUP_KEY = secret("CASEWORKS_LOOKUP_KEY", "ZGV2ZWxvcG1lbnQtb25seS1sb29rLWtleS0zMi1ieXQ=")

ALLOWED_HOSTS = env.list("CASEWORKS_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CASEWORKS_ORIGINS", default=[])

# -- servers

EMBEDDED_FOLDER: Path | None = None
_embedded = DEBUG or env.bool("CASEWORKS_EMBEDDED", default=False)
if "DATABASE_URL" in env.ENVIRON:
    DATABASES = {"default": env.db_url("DATABASE_URL")}
    DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
    DATABASES["default"]["HOST"] = unquote(DATABASES["default"]["HOST"])  # the folder of a socket
elif _embedded:
    from caseworks.embedded import Servers

    EMBEDDED_FOLDER = VAR / "servers"
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "caseworks",
            "USER": "postgres",
            "HOST": str(Servers(EMBEDDED_FOLDER).sockets),
        }
    }
else:
    raise ImproperlyConfigured("DATABASE_URL is not set (or set CASEWORKS_EMBEDDED=1). See docs/configuration.md.")
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    "application_name": "caseworks",
    # a page of fifty rows is not worth the start of a second process; a sum over a million is
    "options": "-c timezone=Asia/Shanghai -c parallel_setup_cost=10000",
}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

if "REDIS_URL" in env.ENVIRON:
    REDIS_URL = env.str("REDIS_URL")
elif _embedded:
    from caseworks.embedded import Servers

    EMBEDDED_FOLDER = VAR / "servers"
    REDIS_URL = "unix://" + str(Servers(EMBEDDED_FOLDER).sockets / "redis.sock")
else:
    raise ImproperlyConfigured("REDIS_URL is not set (or set CASEWORKS_EMBEDDED=1). See docs/configuration.md.")

# -- applications

INSTALLED_APPS = [
    "caseworks.desk.apps.AdminConfig",  # Django's admin with our site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "caseworks.base",
    "caseworks.people",
    "caseworks.law",
    "caseworks.registry",
    "caseworks.cases",
    "caseworks.money",
    "caseworks.books",
    "caseworks.oversight",
    "caseworks.desk.apps.DeskConfig",
    "refunds",
    "subsidies",
    "dispatch",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
    "django_celery_beat",
    "pgtrigger",
    "csp",
    "axes",
]
SCHEMES = ["refunds.scheme", "dispatch.scheme", "subsidies.scheme"]
PANELS = [
    "caseworks.money.panels",
    "caseworks.money.case_page",
    "caseworks.desk.panels",
]  # cards of the kernel's own on a unit's and a case's page
EXPORTERS = ["caseworks.money.exports"]  # results of the kernel's own, beside those of the schemes
BOOKS = "caseworks.books.looking.around"  # looks at the books around an operation with money
FUND_WARNING_MONTHS = env.int("CASEWORKS_FUND_WARNING_MONTHS", default=6)  # above what the policy row asks for: amber
FUND_LIVING_MONTHS = env.int("CASEWORKS_FUND_LIVING_MONTHS", default=6)  # of living benefits that must stay (N6.1)
BANK_FORMAT = env.str("CASEWORKS_BANK_FORMAT", default="caseworks.money.bank_formats.plain")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "caseworks.urls"
WSGI_APPLICATION = "caseworks.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "caseworks.desk.context.shell",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# -- people

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "caseworks.people.backends.RoleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name")},
    },
    {"NAME": "caseworks.people.passwords.LengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "caseworks.people.passwords.LettersAndDigitsValidator"},
]
LOGIN_URL = "people:login"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = "people:login"
WORKER_ENTRY = "my_subsidies:enter"  # where a worker gets a code, and the first page behind it
WORKER_HOME = "my_subsidies:home"
SESSION_COOKIE_AGE = env.int("CASEWORKS_SESSION_SECONDS", default=1800)
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "people/locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_CLIENT_IP_CALLABLE = "caseworks.people.sign_ins.address_of"
PROXIES = env.int("CASEWORKS_PROXIES", default=0)  # proxies of ours in front, each adding to X-Forwarded-For

# -- transport and content security

if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("CASEWORKS_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("CASEWORKS_HSTS_SECONDS", default=31536000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
from csp.constants import NONCE, NONE, SELF  # noqa: E402

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# -- words, dates, numbers

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- files

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
ASSETS = VAR / "assets"  # third-party js, css and fonts, copied from npm packages at set-up
STATICFILES_DIRS = [BASE_DIR / "static", *([ASSETS] if ASSETS.exists() else [])]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.str("CASEWORKS_UPLOADS", default=str(VAR / "uploads")), "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
UPLOAD_LIMIT = env.int("CASEWORKS_UPLOAD_LIMIT", default=100 * 1024 * 1024)  # bytes a file, through a page
ATTACHMENT_LIMIT = env.int(
    "CASEWORKS_ATTACHMENT_LIMIT", default=10 * 1024 * 1024
)  # bytes of evidence, a voucher, a scan
# a function (id_no, cert_no) -> Answer of subsidies.lookups that says what a source knows of a certificate
CERTIFICATE_SOURCE = env.str("CASEWORKS_CERTIFICATE_SOURCE", default="subsidies.lookups.from_files")
CERTIFICATE_URL = env.str("CASEWORKS_CERTIFICATE_URL", default="")
CERTIFICATE_SECRET = env.str("CASEWORKS_CERTIFICATE_SECRET", default="")
CERTIFICATE_TIMEOUT = env.int("CASEWORKS_CERTIFICATE_TIMEOUT", default=5)  # seconds
FILE_SCANNER = env.str("CASEWORKS_FILE_SCANNER", default="caseworks.base.scanners.nothing")
CLAMD = env.str("CASEWORKS_CLAMD", default="127.0.0.1:3310")
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# -- notices

# The way out for short messages; on a training database nothing leaves the house. Blank: none, and none is claimed.
SMS_GATEWAY = env.str("CASEWORKS_SMS_GATEWAY", default="caseworks.base.notices.gateways.console" if DEBUG else "")
if TRAINING:
    SMS_GATEWAY = "caseworks.base.notices.gateways.console"
SMS_URL = env.str("CASEWORKS_SMS_URL", default="")
SMS_SECRET = env.str("CASEWORKS_SMS_SECRET", default="")
SMS_TIMEOUT = env.int("CASEWORKS_SMS_TIMEOUT", default=10)  # seconds
NOTICE_RECIPIENTS = "caseworks.cases.recipients.of"
HOTLINE = env.str("CASEWORKS_HOTLINE", default="12333")  # named where an office has no telephone

# -- documents and public announcements

REPAY_ACCOUNT = env.str("CASEWORKS_REPAY_ACCOUNT", default="")  # 户名、开户行、账号, as a notice names them

# a folder with fonts, and the families to set; without a folder the fonts of a package serve
DOCUMENT_FONTS = env.str("CASEWORKS_DOCUMENT_FONTS", default="")
DOCUMENT_SERIF = env.str("CASEWORKS_DOCUMENT_SERIF", default="Noto Serif SC")
DOCUMENT_SANS = env.str("CASEWORKS_DOCUMENT_SANS", default="Noto Sans SC")
# days after its last day that an announcement stays on the public pages (training databases keep them all)
ANNOUNCEMENT_SHOWN_DAYS = env.int("CASEWORKS_ANNOUNCEMENT_SHOWN_DAYS", default=180)
# a taken case is let go at the end of so many working days; waiting longer than these is amber, then red
TAKEN_WORKING_DAYS = env.int("CASEWORKS_TAKEN_WORKING_DAYS", default=1)
REVIEW_AMBER_DAYS = env.int("CASEWORKS_REVIEW_AMBER_DAYS", default=3)
REVIEW_RED_DAYS = env.int("CASEWORKS_REVIEW_RED_DAYS", default=5)
OBJECTIONS_AN_HOUR = env.int("CASEWORKS_OBJECTIONS_AN_HOUR", default=5)  # by the public form, from one address
SEARCHES_A_MINUTE = env.int("CASEWORKS_SEARCHES_A_MINUTE", default=60)  # on the public pages, from one address
FORMS_A_MINUTE = env.int("CASEWORKS_FORMS_A_MINUTE", default=10)  # public forms sent, from one address, taken or not

# -- cache and tasks

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "cw"}
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 3600, "socket_connect_timeout": 5}
# tasks that are told, after an import, which units it changed (None: many); each has a clock of its own besides
AFTER_IMPORT = ("caseworks.cases.tasks.end_approvals_of",)
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "check-books": {"task": "books.check", "schedule": crontab(hour=3, minute=10)},
    "check-books-changed": {"task": "books.check_changed", "schedule": crontab(minute=40)},
    "enforce-deadlines": {"task": "dispatch.enforce_deadlines", "schedule": crontab(hour=0, minute=5)},
    "dispatch-letters": {"task": "dispatch.issue_letters", "schedule": crontab(minute=35)},
    "clear-announcements": {"task": "cases.clear_announcements", "schedule": crontab(hour=0, minute=20)},
    "end-changed-approvals": {"task": "cases.end_changed_approvals", "schedule": crontab(minute=25)},
    "remind-left-over": {"task": "money.remind_left_over", "schedule": crontab(hour=8, minute=30)},
    "subsidies-overlaps": {"task": "subsidies.look_for_overlaps", "schedule": crontab(hour=1, minute=10)},
    "deliver-notices": {"task": "base.deliver_notices", "schedule": crontab()},
    "take-down-announcements": {"task": "cases.take_down_announcements", "schedule": crontab(hour=0, minute=40)},
    "oversight-pulse": {"task": "oversight.pulse", "schedule": 60},
    "oversight-refresh": {"task": "oversight.refresh", "schedule": env.int("CASEWORKS_FIGURES_SECONDS", default=600)},
    "oversight-make-exports": {"task": "oversight.make_exports", "schedule": crontab(minute="*/15")},
    "oversight-refresh-all": {"task": "oversight.refresh_all", "schedule": crontab(hour=4, minute=20)},
    "anchor-history": {"task": "cases.anchor_history", "schedule": crontab(hour=2, minute=30)},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("CASEWORKS_LOG_LEVEL", default="WARNING")},
}
