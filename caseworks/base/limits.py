"""How often an address may ask: counted in the cache by window, and not at all while the cache is away."""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache
from redis.exceptions import RedisError


def too_often(what: str, address: str | None, *, most: int, seconds: int, at: datetime) -> bool:
    """Count one request of an address; whether it is more than `most` in the present window of so many seconds."""
    if address is None:
        return False
    key = f"limit:{what}:{address}:{int(at.timestamp()) // seconds}"
    try:
        if cache.add(key, 1, seconds):
            return most < 1
        return int(cache.incr(key)) > most
    except (RedisError, ValueError):  # a courtesy to everybody else: without the cache nobody is kept out
        return False
