"""The agencies of the sample province behind the pages: staff of the province, logins of two agencies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from caseworks.people.models import Person
from tests.people.builders import unit_user
from tests.refunds.conftest import SAMPLE, bureau, load

__all__ = ["SAMPLE", "bureau", "load"]

AGENCY, OTHER = "91220103XNHHDQJ112", "91220104XNH4GN412B"


@pytest.fixture
def agencies(bureau: None, settings: object) -> Path:
    """The sample province, screened; `agency` and `other` sign in for an agency each."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]
    load(SAMPLE, "units", "contributions", "separations", "listings")
    call_command("screen_refunds", "2024", "--as-of", "2024-06-28")
    unit_user("agency", AGENCY)
    unit_user("other", OTHER)
    return SAMPLE / "dispatch"


def as_user(username: str) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(Person.objects.get(username=username), backend="caseworks.people.backends.RoleBackend")
    return client


def words(client: Client, url: str, data: dict[str, object] | None = None, *, status: int = 200) -> str:
    """What the page says, without its tags; `data` is posted and the answer followed."""
    answer = client.get(url) if data is None else client.post(url, data, follow=True)
    assert answer.status_code == status, answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))
