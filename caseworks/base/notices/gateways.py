"""The ways out for short messages; the one in use is named in settings (SMS_GATEWAY).

A gateway takes a message and says what became of it. It never raises for what the other side does: a message that may
still go later is `Later`, one that never will is `Refused`. No number and no secret goes to a log.
"""

from __future__ import annotations

import http.client
import json
import logging
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from caseworks.base.identifiers import mask_phone
from caseworks.base.notices.signing import SIGNATURE, TIME, headers

_log = logging.getLogger(__name__)
_MOST = 64 * 1024  # bytes of an answer that are read
_OWN = frozenset({"127.0.0.1", "::1", "localhost"})
_LATER = frozenset({408, 409, 425, 429})


@dataclass(frozen=True)
class Message:
    """A short message: the key is the same however often it is tried."""

    key: str
    phone: str
    text: str


@dataclass(frozen=True)
class Accepted:
    """The gateway has it; `number` is its own name for it."""

    number: str


@dataclass(frozen=True)
class Refused:
    """It will never be sent."""

    reason: str


@dataclass(frozen=True)
class Later:
    """Not now: to be tried again."""

    reason: str


Outcome = Accepted | Refused | Later


def console(message: Message) -> Outcome:
    """For development and training: a line in the log, the number masked, and nothing sent."""
    _log.info("SMS %s to %s: %s", message.key, mask_phone(message.phone), message.text)
    return Accepted(f"console-{message.key}")


def http_signed(message: Message) -> Outcome:
    """POST to settings.SMS_URL, signed with settings.SMS_SECRET (docs/operations.md has the form).

    `{"key": …, "phone": …, "text": …}`; the answer 2xx with `{"id": …}` accepts, 408, 409, 425, 429 and 5xx mean later,
    any other refuses with its `{"reason": …}`.
    """
    body = json.dumps({"key": message.key, "phone": message.phone, "text": message.text}, ensure_ascii=False).encode()
    try:
        answered = posted(
            str(settings.SMS_URL), body, message.key, secret=settings.SMS_SECRET, seconds=settings.SMS_TIMEOUT
        )
    except (OSError, http.client.HTTPException) as error:
        return Later(f"连接失败（{type(error).__name__}）")
    status, answer = answered.status, answered.said
    if 200 <= status < 300:
        return Accepted(str(answer.get("id", ""))[:80])
    reason = str(answer.get("reason", ""))[:120].replace(message.phone, mask_phone(message.phone))
    words = f"{status} {reason}".strip()
    return Later(words) if status in _LATER or status >= 500 else Refused(words)


@dataclass(frozen=True)
class Answered:
    """What the other side of a signed POST answered."""

    status: int
    body: bytes
    time: str  # of its signature, where it signs
    signature: str

    @property
    def said(self) -> dict[str, object]:
        """The JSON object of the body; empty where there is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def posted(
    address: str, body: bytes, key: str, *, secret: str, seconds: float, setting: str = "CASEWORKS_SMS"
) -> Answered:
    """POST a signed body, over TLS unless to this machine, and give what was answered.

    OSError and http.client.HTTPException where nobody answers in time; ImproperlyConfigured where `<setting>_URL` or
    `<setting>_SECRET` is not set, or the address is none that may be used.
    """
    url = urlsplit(address)
    if url.scheme not in {"http", "https"} or not url.hostname or not secret:
        raise ImproperlyConfigured(f"{setting}_URL and {setting}_SECRET are needed for the HTTP gateway.")
    if url.scheme == "http" and url.hostname not in _OWN:
        raise ImproperlyConfigured(f"{setting}_URL must begin with https://, unless it is a relay on this machine.")
    connected: http.client.HTTPConnection
    if url.scheme == "https":
        connected = http.client.HTTPSConnection(
            url.hostname, url.port, timeout=seconds, context=ssl.create_default_context()
        )
    else:
        connected = http.client.HTTPConnection(url.hostname, url.port, timeout=seconds)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        given = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            **headers(secret, body, int(time.time())),
        }
        connected.request("POST", path, body, given)
        answered = connected.getresponse()
        text = answered.read(_MOST)
        return Answered(answered.status, text, answered.getheader(TIME, ""), answered.getheader(SIGNATURE, ""))
    finally:
        connected.close()
