"""A payee's card changed at the counter: another person confirms it, nothing is paid meanwhile (N5.4, N6.2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.base.sealed import lookup_hash
from caseworks.base.subjects import person_key
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from caseworks.registry import cards
from caseworks.registry.models import CardChange, Worker
from subsidies import overlaps
from tests.subsidies import build
from tests.subsidies_pages.conftest import plain

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
NEW = "6217000010001234567"
GIVEN = {"bank": "样例银行", "account": "6217 0000 1000 1234 567", "again": NEW, "active": "yes", "source": "读卡核对"}


@pytest.fixture(autouse=True)
def _today() -> object:
    with time_machine.travel("2024-06-28 10:00:00+08:00", tick=False):
        yield


@pytest.fixture
def worker(bureau: None) -> Worker:
    return Worker.objects.get(id_hash=lookup_hash(build.worker(1, card=False)))


def stopped(worker: Worker) -> list[str]:
    found = overlaps.obstacles()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT reason FROM ({found.select}) w WHERE subject = %s", [person_key(bytes(worker.id_hash))])
        return [reason for (reason,) in cursor.fetchall()]


def test_a_card_is_entered_by_one_and_confirmed_by_another(worker: Worker, sign_in: SignIn) -> None:
    clerk, reviewer = sign_in("clerk", "220102"), sign_in("reviewer", "220102")
    assert "变更社保卡" in plain(clerk.get(f"/desk/subsidies/workers/{worker.pk}/"))
    address = f"/desk/subsidies/workers/{worker.pk}/card/"
    wrong = clerk.post(address, GIVEN | {"again": "1"})
    assert (wrong.status_code, "两次输入的账号不一致" in plain(wrong)) == (422, True)
    assert clerk.post(address, GIVEN).status_code == 302
    assert "另有一笔社保卡变更待确认" in plain(clerk.post(address, GIVEN))
    change = CardChange.objects.get()
    worker.refresh_from_db()
    assert (worker.card_tail, worker.card_active) == ("0001", False)
    assert stopped(worker) == ["社会保障卡变更（2024-06-28 登记）待另一人确认"]
    assert "社会保障卡变更，待另一人确认" in plain(reviewer.get("/desk/"))
    page = reviewer.get("/desk/subsidies/cards/")
    assert ("**** 4567" in plain(page), NEW in page.content.decode()) == (True, False)
    decide = f"/desk/subsidies/cards/{change.pk}/"
    assert clerk.post(decide, {"decision": "confirm"}).status_code == 403
    assert reviewer.post(decide, {"decision": "confirm"}).status_code == 302
    worker.refresh_from_db()
    assert (worker.card_bank, worker.card_account, worker.card_tail, worker.card_active) == (
        "样例银行", NEW, "4567", True,
    )  # fmt: skip
    assert worker.card_hash == lookup_hash(NEW)
    assert stopped(worker) == []
    assert "已生效" in plain(clerk.get(f"/desk/subsidies/workers/{worker.pk}/"))


def test_nobody_confirms_the_own_entry_whatever_the_roles(worker: Worker, sign_in: SignIn) -> None:
    sign_in("clerk", "220102").post(f"/desk/subsidies/workers/{worker.pk}/card/", GIVEN)
    change = CardChange.objects.get()
    clerk = Person.objects.get(username="clerk-220102")
    with pytest.raises(IntegrityError, match="cardchange_four_eyes"), transaction.atomic():
        CardChange.objects.filter(pk=change.pk).update(status="confirmed", decided_by=clerk, decided_at=timezone.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        CardChange.objects.filter(pk=change.pk).update(account_tail="9999")
    with pytest.raises(DatabaseError), transaction.atomic():
        change.delete()


def test_a_refusal_says_why_and_the_card_stays(worker: Worker, sign_in: SignIn) -> None:
    sign_in("clerk", "220102").post(f"/desk/subsidies/workers/{worker.pk}/card/", GIVEN)
    change, reviewer = CardChange.objects.get(), sign_in("reviewer", "220102")
    decide = f"/desk/subsidies/cards/{change.pk}/"
    assert "请填写退回理由" in plain(reviewer.post(decide, {"decision": "refuse"}, follow=True))
    reviewer.post(decide, {"decision": "refuse", "because": "卡号与影像不符"})
    change.refresh_from_db()
    worker.refresh_from_db()
    assert (change.status, change.refused_because, worker.card_tail) == ("refused", "卡号与影像不符", "0001")
    assert "已处理（已退回）" in plain(reviewer.post(decide, {"decision": "confirm"}, follow=True))
    assert stopped(worker) == []


def test_a_card_that_an_import_changed_meanwhile_is_not_overwritten(worker: Worker, sign_in: SignIn) -> None:
    sign_in("clerk", "220102").post(f"/desk/subsidies/workers/{worker.pk}/card/", GIVEN)
    other = "62999900000777"
    Worker.objects.filter(pk=worker.pk).update(card_account=other, card_hash=lookup_hash(other), card_tail="0777")
    sign_in("reviewer", "220102")
    by = Actor(person=Person.objects.get(username="reviewer-220102"))
    with pytest.raises(Refusal, match="已由导入更新"):
        cards.confirm(CardChange.objects.get(), by=by, at=timezone.now())
    worker.refresh_from_db()
    assert worker.card_tail == "0777"


def test_another_offices_people_are_not_found(worker: Worker, sign_in: SignIn) -> None:
    sign_in("clerk", "220102").post(f"/desk/subsidies/workers/{worker.pk}/card/", GIVEN)
    change = CardChange.objects.get()
    assert sign_in("clerk", "220200").get(f"/desk/subsidies/workers/{worker.pk}/card/").status_code == 404
    reviewer = sign_in("reviewer", "220200")
    assert reviewer.post(f"/desk/subsidies/cards/{change.pk}/", {"decision": "confirm"}).status_code == 404
    assert worker.name not in plain(reviewer.get("/desk/subsidies/cards/"))
