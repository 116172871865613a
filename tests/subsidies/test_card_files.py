"""Cards that come with workers.csv: the first is taken, another one waits for a person, as a unit's account does. (contract 1)"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from caseworks.base.sealed import lookup_hash
from caseworks.people.actors import Actor
from caseworks.registry import cards, imports
from caseworks.registry.enums import FileKind
from caseworks.registry.models import CardChange, ImportFile, Worker
from tests.refunds_pages.staff import make_person
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = "6299990000000001", "6299990000000002", "6299990000000003"
HEADER = "id_no,name,phone,region,card_bank,card_account,card_active"
Bring = Callable[..., ImportFile]


@pytest.fixture
def bring(settings: object, tmp_path: Path) -> Bring:
    """Import a file with the one worker as it is given."""
    settings.TRAINING = True  # type: ignore[attr-defined]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]
    call_command("setup")

    def make(
        account: str, active: str = "yes", *, phone: str = "19900000001", bank: str = "示例银行", header: str = HEADER
    ) -> ImportFile:
        cells = {
            "id_no": build.number(1), "name": "样例一", "phone": phone, "region": "220102", "card_bank": bank,
            "card_account": account, "card_active": active,
        }  # fmt: skip
        path = tmp_path / "workers.csv"
        path.write_text(f"{header}\n{','.join(cells[name] for name in header.split(','))}\n", encoding="utf-8")
        return imports.load(path, FileKind.WORKERS, OPERATOR, AT)

    return make


def counts(file: ImportFile) -> tuple[int, int, int]:
    return file.new, file.changed, file.unchanged


def card() -> tuple[str, str, bool | None]:
    worker = Worker.objects.get()
    assert worker.card_tail == worker.card_account[-4:]
    assert worker.card_hash == (lookup_hash(worker.card_account) if worker.card_account else None)
    return worker.card_account, worker.card_bank, worker.card_active


def reviewer() -> Actor:
    return Actor.of_person(make_person("reviewer", "220102"))


def test_another_card_waits_for_a_person_and_the_same_file_changes_nothing(bring: Bring) -> None:
    assert counts(bring(FIRST)) == (1, 0, 0)
    assert card() == (FIRST, "示例银行", True)
    done = bring(SECOND, phone="19900000002")
    assert counts(done) == (0, 1, 0)
    assert [words for words in done.notices if "1 人的社会保障卡账号与登记不同" in words]
    assert card() == (FIRST, "示例银行", True)
    assert Worker.objects.get().phone == "19900000002"
    change = CardChange.objects.get()
    assert (change.account, change.account_tail, change.before, change.active, change.status) == (
        SECOND, "0002", FIRST, True, "proposed",
    )  # fmt: skip
    assert (change.source, change.proposer, change.office.code, change.name) == (
        "导入 workers.csv", OPERATOR.label, "220102", "样例一",
    )  # fmt: skip
    assert counts(bring(SECOND, phone="19900000002")) == (0, 0, 1)
    assert CardChange.objects.count() == 1
    cards.confirm([change.pk], by=reviewer(), at=AT)
    assert card() == (SECOND, "示例银行", True)
    assert counts(bring(SECOND, phone="19900000002")) == (0, 0, 1)


def test_an_older_file_does_not_bring_the_card_back_that_people_replaced(bring: Bring) -> None:
    bring(FIRST)
    bring(SECOND)
    cards.confirm([CardChange.objects.get().pk], by=reviewer(), at=AT)
    assert counts(bring(FIRST)) == (0, 0, 1)
    assert card() == (SECOND, "示例银行", True)
    assert CardChange.objects.count() == 1
    assert counts(bring(THIRD)) == (0, 1, 0)
    assert [change.account for change in CardChange.objects.waiting()] == [THIRD]


def test_what_was_refused_is_not_proposed_again(bring: Bring) -> None:
    bring(FIRST)
    bring(SECOND)
    cards.refuse([CardChange.objects.get().pk], because="本人未换卡", by=reviewer(), at=AT)
    assert counts(bring(SECOND)) == (0, 0, 1)
    assert not CardChange.objects.waiting().exists()
    assert card() == (FIRST, "示例银行", True)


def test_a_newer_file_takes_the_place_of_what_waits(bring: Bring) -> None:
    bring(FIRST)
    bring(SECOND)
    assert counts(bring(THIRD)) == (0, 1, 0)
    assert list(CardChange.objects.order_by("pk").values_list("account_tail", "status", "decided_label")) == [
        ("0002", "superseded", OPERATOR.label), ("0003", "proposed", ""),
    ]  # fmt: skip
    with pytest.raises(IntegrityError, match="cardchange_decided_by_somebody"), transaction.atomic():
        CardChange.objects.waiting().update(status="confirmed", decided_at=AT)


SAYS = [
    ("the state of the card in use is taken", {"account": FIRST, "active": "no"}, (0, 1, 0), (FIRST, "示例银行", False)),
    ("its bank as well", {"account": FIRST, "bank": "样例银行"}, (0, 1, 0), (FIRST, "样例银行", True)),
    ("a blank card says nothing", {"account": "", "bank": "", "active": ""}, (0, 0, 1), (FIRST, "示例银行", True)),
    ("but that it is not active", {"account": "", "bank": "", "active": "no"}, (0, 1, 0), (FIRST, "示例银行", False)),
    (
        "a file without cards leaves them alone",
        {"account": "", "header": "id_no,name,phone,region", "phone": "19900000009"}, (0, 1, 0), (FIRST, "示例银行", True),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "says", "count", "then"), SAYS, ids=[name for name, *_ in SAYS])
def test_what_a_file_says_of_a_card(
    bring: Bring, name: str, says: dict[str, str], count: tuple[int, int, int], then: tuple[str, str, bool]
) -> None:
    bring(FIRST)
    assert counts(bring(**says)) == count
    assert card() == then
    assert counts(bring(**says)) == (0, 0, 1)
    assert not CardChange.objects.exists()


def test_somebody_without_a_card_gets_the_first_one_at_once(bring: Bring) -> None:
    bring("", "")
    assert card() == ("", "示例银行", None)
    assert counts(bring(FIRST)) == (0, 1, 0)
    assert card() == (FIRST, "示例银行", True)
    assert not CardChange.objects.exists()


def test_a_card_named_without_its_bank_and_state_is_not_active(bring: Bring) -> None:
    bring(FIRST)
    bring(SECOND, header="id_no,name,card_account")
    change = CardChange.objects.get()
    assert (change.bank, change.active) == ("", False)
    assert card() == (FIRST, "示例银行", True)
