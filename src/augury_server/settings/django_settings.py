"""Django's settings, derived from Augury's; nothing is set here that a user may want to change."""

from __future__ import annotations

from typing import Any

from augury_server.settings.current import current_settings
from augury_server.settings.database_url import database_settings
from augury_server.settings.secrets import secret_key

_settings = current_settings()

SECRET_KEY = secret_key(_settings)
DEBUG = False
ALLOWED_HOSTS = list(_settings.web.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(_settings.web.trusted_origins)

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin.apps.SimpleAdminConfig",  # the pages are named in web.admin.tables, for processes that serve
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "augury_server.accounts",
    "augury_server.caching",
    "augury_server.jobs",
    "augury_server.ingest",
    "augury_server.registry",
    "augury_server.predictions",
    "augury_server.experiments",
    "augury_server.signals",
    "augury_server.web",
    "augury_server.commands",
]
MIDDLEWARE = [
    "augury_server.web.security_headers.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
ROOT_URLCONF = "augury_server.web.urls"
ASGI_APPLICATION = "augury_server.web.asgi.application"

DATABASES = {"default": database_settings(_settings)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = _settings.home / "static"
WHITENOISE_USE_FINDERS = True

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _settings.web.https
SECURE_SSL_REDIRECT = _settings.web.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _settings.web.https else None
SECURE_HSTS_SECONDS = 31_536_000 if _settings.web.https else 0

LOGGING_CONFIG = None
UNFOLD: dict[str, Any] = {"SITE_TITLE": "Augury", "SITE_HEADER": "Augury", "SHOW_VIEW_ON_SITE": False}
