"""A bureau with staff and the people of the sample, for the pages of the skill subsidy."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client

from caseworks.people.models import Person
from tests.refunds_pages.staff import make_person
from tests.subsidies.conftest import KINDS, SAMPLE, load


def plain(response: HttpResponse) -> str:
    """The words of a page, with one space where a tag or a line break stood."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


@pytest.fixture
def bureau(db: None, settings: object) -> None:
    """Offices and policy rows in force."""
    settings.TRAINING = True  # type: ignore[attr-defined]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]
    call_command("setup")


@pytest.fixture
def people(bureau: None) -> Path:
    """The sample's people, imported."""
    load(SAMPLE, *KINDS)
    return SAMPLE


@pytest.fixture
def sign_in(bureau: None) -> Callable[..., Client]:
    """A test browser signed in as a role at an office."""

    def make(role: str = "clerk", office: str = "220000") -> Client:
        client = Client()
        known = Person.objects.filter(username=f"{role}-{office}").first()
        client.force_login(known or make_person(role, office), "caseworks.people.backends.RoleBackend")
        return client

    return make
