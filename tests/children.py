"""Processes beside the tests: what they must be told to work on the database of the test that starts them."""

from __future__ import annotations

from urllib.parse import quote

from django.db import connection


def database_url() -> str:
    """The address of the test's database, over a socket or a port."""
    at = connection.settings_dict
    host = quote(str(at["HOST"] or at["OPTIONS"].get("host") or ""), safe="")
    port = f":{at['PORT']}" if at["PORT"] else ""
    return f"postgresql://{at['USER']}:{quote(str(at['PASSWORD'] or ''), safe='')}@{host}{port}/{at['NAME']}"
