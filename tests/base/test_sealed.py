"""Sealed values open with every key that is kept, and are found by their keyed hash only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import time
from collections.abc import Iterator

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from caseworks.base import rekeying
from caseworks.base.errors import Refusal
from caseworks.base.rekeying import Column
from caseworks.base.sealed import HashField, SealedField, lookup_hash, seal, unseal
from caseworks.people.models import Person
from caseworks.registry.models import BenefitSpell, Worker

ONE, TWO = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_what_is_sealed_opens_again(text: str) -> None:
    blob = seal(text)
    assert unseal(blob) == text
    assert unseal(memoryview(blob)) == text
    assert (blob == b"") == (text == "")
    assert len(text) < 5 or text.encode() not in blob


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert seal("220102198601011234") != seal("220102198601011234")


def test_a_changed_value_does_not_open() -> None:
    blob = bytearray(seal("13900001111"))
    blob[-1] ^= 1
    with pytest.raises(ValueError, match="changed since"):
        unseal(bytes(blob))


def test_the_newest_key_seals_and_every_key_opens(settings: Settings) -> None:
    settings.SEAL_KEYS = f"1:{ONE}"
    old = seal("旧")
    settings.SEAL_KEYS = f"2:{TWO},1:{ONE}"
    new = seal("新")
    assert (old[0], new[0]) == (1, 2)
    assert (unseal(old), unseal(new)) == ("旧", "新")
    settings.SEAL_KEYS = f"2:{TWO}"
    with pytest.raises(ValueError, match="key version 1"):
        unseal(old)


@pytest.mark.parametrize(
    "keys", ["", "1:short", f"0:{ONE}", f"256:{ONE}", f"x:{ONE}", f"1:{ONE},1:{TWO}", ONE, "1:###"]
)
def test_keys_that_are_none_are_refused(settings: Settings, keys: str) -> None:
    settings.SEAL_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match="CASEWORKS_SEAL_KEYS"):
        seal("x")


def test_the_hash_is_hmac_sha256_under_the_lookup_key(settings: Settings) -> None:
    settings.LOOKUP_KEY = ONE
    assert lookup_hash("证件") == hmac.new(bytes([1]) * 32, "证件".encode(), hashlib.sha256).digest()
    settings.LOOKUP_KEY = TWO
    assert lookup_hash("证件") == hmac.new(bytes([2]) * 32, "证件".encode(), hashlib.sha256).digest()


def test_a_value_costs_microseconds() -> None:
    def best(work: object) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(2000):
                work()  # type: ignore[operator]
            times.append((time.perf_counter() - start) / 2000)
        return min(times)

    blob = seal("220102198601011234")
    measured = [
        best(w) for w in (lambda: seal("220102198601011234"), lambda: unseal(blob), lambda: lookup_hash("x" * 18))
    ]
    assert max(measured) < 20e-6, measured  # 5 µs on a quiet machine


@pytest.mark.django_db
def test_the_column_holds_no_plain_text_and_the_orm_reads_it() -> None:
    person = Person.objects.create(username="wang", full_name="王", phone="13900001111")
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM people_person WHERE id = %s", [person.pk])
        stored = bytes(cursor.fetchone()[0])
    assert b"139" not in stored
    assert Person.objects.get(pk=person.pk).phone == "13900001111"
    assert Person.objects.values_list("phone", flat=True).get() == "13900001111"


@pytest.mark.django_db
def test_a_sealed_column_cannot_be_searched() -> None:
    with pytest.raises(FieldError, match="keyed hash"):
        Person.objects.filter(phone="13900001111").exists()


@pytest.fixture
def cards(transactional_db: None) -> Iterator[tuple[type[models.Model], type[models.Model]]]:
    """Two tables made for the test: cards keep numbers sealed beside their hash, uses keep the hash only."""
    with isolate_apps("caseworks.base"):

        class Card(models.Model):
            number = SealedField(blank=True, default="")
            number_hash = HashField(of="number", null=True)

            class Meta:
                app_label = "base"
                db_table = "test_card"

        class Use(models.Model):
            number_hash = HashField()

            class Meta:
                app_label = "base"
                db_table = "test_use"

        with connection.schema_editor() as editor:
            editor.create_model(Card)
            editor.create_model(Use)
        try:
            yield Card, Use
        finally:
            with connection.schema_editor() as editor:
                editor.delete_model(Use)
                editor.delete_model(Card)


def _fill(card: type[models.Model], count: int) -> None:
    numbers = [f"6217{n:012d}" for n in range(count)]
    card.objects.bulk_create([card(number=n, number_hash=lookup_hash(n)) for n in numbers])  # type: ignore[attr-defined]
    card.objects.create(number="", number_hash=None)  # type: ignore[attr-defined]


def test_rotation_reseals_in_batches_and_only_what_is_old(
    cards: tuple[type[models.Model], type[models.Model]], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, _ = cards
    monkeypatch.setattr(rekeying, "BATCH", 7)
    settings.SEAL_KEYS = f"1:{ONE}"
    _fill(card, 30)
    settings.SEAL_KEYS = f"1:{ONE},2:{TWO}"
    card.objects.filter(pk__lte=3).update(number="6217000000000999")  # type: ignore[attr-defined]
    column = Column("test_card", "number")
    assert rekeying.reseal(column) == 27
    assert rekeying.reseal(column) == 0
    settings.SEAL_KEYS = f"2:{TWO}"
    numbers = list(card.objects.order_by("pk").values_list("number", flat=True))  # type: ignore[attr-defined]
    assert numbers[3:] == [f"6217{n:012d}" for n in range(3, 30)] + [""]


@pytest.mark.django_db(transaction=True)
def test_the_command_rotates_every_sealed_column(settings: Settings) -> None:
    settings.SEAL_KEYS = f"1:{ONE}"
    Person.objects.create(username="wang", full_name="王", phone="13900001111")
    settings.SEAL_KEYS = f"1:{ONE},2:{TWO}"
    out = io.StringIO()
    call_command("rotate_keys", stdout=out)
    assert "people_person.phone：重新密封 1 条" in out.getvalue()
    assert "共重新密封 1 条，全部使用第 2 版密钥" in out.getvalue()
    settings.SEAL_KEYS = f"2:{TWO}"
    assert Person.objects.get().phone == "13900001111"


def test_rehashing_follows_the_sealed_value_into_other_tables(
    cards: tuple[type[models.Model], type[models.Model]], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, use = cards
    columns = [Column("test_card", "number_hash", "number"), Column("test_use", "number_hash")]
    monkeypatch.setattr(rekeying, "hash_columns", lambda: columns)
    settings.LOOKUP_KEY = ONE
    _fill(card, 3)
    use.objects.create(number_hash=lookup_hash("6217000000000001"))  # type: ignore[attr-defined]
    Person.objects.create(username="wang", full_name=lookup_hash("6217000000000001").hex()[:60])
    follower = """UPDATE people_person SET full_name = left(encode(new, 'hex'), 60) FROM rehashed
                   WHERE full_name = left(encode(old, 'hex'), 60)"""
    monkeypatch.setattr(rekeying, "FOLLOWERS", [follower])
    settings.LOOKUP_KEY = TWO
    assert rekeying.rehash() == {columns[0]: 3, columns[1]: 1}
    assert card.objects.get(number_hash=lookup_hash("6217000000000002")).number == "6217000000000002"  # type: ignore[attr-defined]
    assert use.objects.filter(number_hash=lookup_hash("6217000000000001")).count() == 1  # type: ignore[attr-defined]
    assert Person.objects.get().full_name == lookup_hash("6217000000000001").hex()[:60]
    assert rekeying.rehash() == {columns[0]: 0, columns[1]: 0}


def test_a_hash_without_a_value_stops_the_whole_rehashing(
    cards: tuple[type[models.Model], type[models.Model]], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, use = cards
    columns = [Column("test_card", "number_hash", "number"), Column("test_use", "number_hash")]
    monkeypatch.setattr(rekeying, "hash_columns", lambda: columns)
    settings.LOOKUP_KEY = ONE
    _fill(card, 1)
    old = lookup_hash("6217000000000000")
    use.objects.create(number_hash=lookup_hash("nobody's"))  # type: ignore[attr-defined]
    settings.LOOKUP_KEY = TWO
    with pytest.raises(Refusal, match="未作任何更改") as refused:
        rekeying.rehash()
    assert refused.value.details == ("test_use.number_hash：1 条",)
    assert card.objects.order_by("pk").first().number_hash == old  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_the_command_rehashes_every_hash_of_the_registry(settings: Settings) -> None:
    settings.LOOKUP_KEY = ONE
    number, phone = "220102198601011234", "13900001111"
    worker = Worker.objects.create(
        id_no=number, id_hash=lookup_hash(number), name="王", phone=phone, phone_hash=lookup_hash(phone)
    )
    spell = {"id_hash": lookup_hash(number), "period_from": "2024-01", "period_to": "2024-03"}
    BenefitSpell.objects.create(**spell)
    settings.LOOKUP_KEY = TWO
    out = io.StringIO()
    call_command("rehash", stdout=out)
    assert "registry_worker.id_hash：重新计算 1 条" in out.getvalue()
    assert "共重新计算 3 条检索码" in out.getvalue()
    worker.refresh_from_db()
    assert (worker.id_hash, worker.phone_hash) == (lookup_hash(number), lookup_hash(phone))
    assert BenefitSpell.objects.get().id_hash == lookup_hash(number)
