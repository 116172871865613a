"""What the database itself guards about people."""

import pytest
from django.db import IntegrityError

from caseworks.people.models import Person

pytestmark = pytest.mark.django_db


def test_nobody_is_a_superuser() -> None:
    with pytest.raises(IntegrityError, match="person_is_no_superuser"):
        Person.objects.create(username="root", full_name="根", is_superuser=True)


def test_a_login_name_is_taken_whatever_its_case() -> None:
    Person.objects.create(username="wang", full_name="王")
    with pytest.raises(IntegrityError, match="person_username_once"):
        Person.objects.create(username="WANG", full_name="王")
