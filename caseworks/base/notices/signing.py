"""The signature of what goes to a gateway and of the receipts that come back: HMAC-SHA256 over time and body."""

from __future__ import annotations

import hashlib
import hmac

TIME, SIGNATURE = "X-Caseworks-Time", "X-Caseworks-Signature"
AGE = 300  # seconds that a signature holds


def signature(secret: str, body: bytes, seconds: int) -> str:
    """Hexadecimal, over `<seconds since 1970>.<body>`."""
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def headers(secret: str, body: bytes, seconds: int) -> dict[str, str]:
    """The two headers of a signed body."""
    return {TIME: str(seconds), SIGNATURE: signature(secret, body, seconds)}


def holds(secret: str, body: bytes, *, time: str, given: str, now: int) -> bool:
    """Whether a body was signed with the secret, and lately."""
    if not secret or not (time.isascii() and time.isdigit()) or len(time) > 12 or abs(now - int(time)) > AGE:
        return False
    return hmac.compare_digest(signature(secret, body, int(time)).encode(), given.encode())
