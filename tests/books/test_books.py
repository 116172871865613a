"""The books: clean on a clean database, and every invariant names the row that offends it."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command

from caseworks.books import checking

pytestmark = pytest.mark.django_db


def test_nothing_offends_on_an_empty_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert checking.offences() == []
    call_command("check_books")
    assert re.fullmatch(r"\d{2} 项全部相符\n", capsys.readouterr().out)
