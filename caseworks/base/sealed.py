"""Sealed values: ID numbers, accounts and telephones stand encrypted, and are looked up by a keyed hash.

A sealed value is one byte of key version, twelve of nonce, then AES-256-GCM text and tag. One function seals for the
ORM and for COPY. A blank stays blank. Keys come from the environment (docs/configuration.md).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models

NONCE = 12
_HELP = "See docs/configuration.md."


class Keys(NamedTuple):
    """Every seal key by version, and the newest version, which seals."""

    ciphers: dict[int, AESGCM]
    newest: int


def _key(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ImproperlyConfigured(f"{name} is not base64. {_HELP}") from error
    if len(key) != 32:
        raise ImproperlyConfigured(f"{name} is not a key of 32 bytes. {_HELP}")
    return key


@lru_cache(maxsize=8)
def _keys(text: str) -> Keys:
    ciphers: dict[int, AESGCM] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        version, _, encoded = part.partition(":")
        if not version.isdigit() or not 0 < int(version) < 256 or int(version) in ciphers:
            raise ImproperlyConfigured(f"CASEWORKS_SEAL_KEYS: versions are different numbers from 1 to 255. {_HELP}")
        ciphers[int(version)] = AESGCM(_key(encoded, "CASEWORKS_SEAL_KEYS"))
    if not ciphers:
        raise ImproperlyConfigured(f"CASEWORKS_SEAL_KEYS holds no key. {_HELP}")
    return Keys(ciphers, max(ciphers))


@lru_cache(maxsize=8)
def _lookup(text: str) -> hmac.HMAC:
    return hmac.new(_key(text, "CASEWORKS_LOOKUP_KEY"), digestmod=hashlib.sha256)


def newest_version() -> int:
    """The key version that seals now."""
    return _keys(settings.SEAL_KEYS).newest


def seal(text: str) -> bytes:
    """The text encrypted by the newest key; blank stays blank."""
    if not text:
        return b""
    keys = _keys(settings.SEAL_KEYS)
    nonce = os.urandom(NONCE)
    return bytes((keys.newest,)) + nonce + keys.ciphers[keys.newest].encrypt(nonce, text.encode(), None)


def unseal(sealed: bytes | memoryview) -> str:
    """The text of a sealed value, whatever version sealed it. A changed value or an unknown key raises ValueError."""
    blob = bytes(sealed)
    if not blob:
        return ""
    cipher = _keys(settings.SEAL_KEYS).ciphers.get(blob[0])
    if cipher is None:
        raise ValueError(f"sealed by key version {blob[0]}, which is not in CASEWORKS_SEAL_KEYS")
    try:
        return cipher.decrypt(blob[1 : 1 + NONCE], blob[1 + NONCE :], None).decode()
    except InvalidTag as error:
        raise ValueError(f"not sealed by our key of version {blob[0]}, or changed since") from error


def lookup_hash(text: str) -> bytes:
    """The keyed hash (HMAC-SHA256, 32 bytes) by which a sealed value is found; the text is normalised before."""
    digest = _lookup(settings.LOOKUP_KEY).copy()
    digest.update(text.encode())
    return digest.digest()


if TYPE_CHECKING:
    _StringField = models.Field[str, str]
    _BytesField = models.BinaryField[bytes, bytes]
else:
    _StringField = models.Field
    _BytesField = models.BinaryField


class SealedField(_StringField):
    """A text that stands sealed in its bytea column. It cannot be searched: look up its keyed hash."""

    description = "Sealed text"
    empty_strings_allowed = True

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return seal(str(value)) if value is not None else None

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return connection.Database.Binary(value) if value is not None else None

    def from_db_value(self, value: Any, expression: object, connection: object) -> str | None:
        return None if value is None else unseal(value)

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else str(value)

    def get_default(self) -> Any:
        return super().get_default() if self.has_default() or self.null else ""

    def get_lookup(self, lookup: str) -> Any:
        if lookup != "isnull":
            raise FieldError(f"{self.name} is sealed: look up its keyed hash instead.")
        return super().get_lookup(lookup)

    def formfield(self, **kwargs: Any) -> Any:
        from django import forms

        return super().formfield(**{"form_class": forms.CharField, **kwargs})


class HashField(_BytesField):
    """A keyed hash of a sealed value, for look-up.

    `of` names the SealedField of the same model it hashes; without it the hash belongs to a value sealed in another
    table. `manage.py rehash` finds every such column by this class.
    """

    description = "Keyed hash"

    def __init__(self, *args: Any, of: str | None = None, **kwargs: Any) -> None:
        self.of = of
        kwargs.setdefault("max_length", 32)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.of is not None:
            kwargs["of"] = self.of
        kwargs["editable"] = self.editable
        return name, path, args, kwargs

    def from_db_value(self, value: Any, expression: object, connection: object) -> bytes | None:
        return None if value is None else bytes(value)
