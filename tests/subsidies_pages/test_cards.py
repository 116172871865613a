"""A payee's card changed at the counter: another person confirms it, nothing is paid meanwhile (N5.4, N6.2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

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
DECIDE = "/desk/subsidies/cards/decide/"
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
    given = {"decision": "confirm", "cards": [change.pk]}
    assert clerk.post(DECIDE, given).status_code == 403
    assert "已启用 1 张社保卡" in plain(reviewer.post(DECIDE, given, follow=True))
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
    assert "没有选择社保卡变更" in plain(reviewer.post(DECIDE, {"decision": "refuse"}, follow=True))
    given = {"decision": "refuse", "cards": [change.pk]}
    assert "请填写退回理由" in plain(reviewer.post(DECIDE, given, follow=True))
    assert "原登记不变" in plain(reviewer.post(DECIDE, given | {"because": "卡号与影像不符"}, follow=True))
    change.refresh_from_db()
    worker.refresh_from_db()
    assert (change.status, change.refused_because, worker.card_tail) == ("refused", "卡号与影像不符", "0001")
    again = plain(reviewer.post(DECIDE, given | {"decision": "confirm"}, follow=True))
    assert "所选变更已不在待确认之列" in again
    assert stopped(worker) == []


def test_a_card_that_an_import_changed_meanwhile_is_not_overwritten(worker: Worker, sign_in: SignIn) -> None:
    sign_in("clerk", "220102").post(f"/desk/subsidies/workers/{worker.pk}/card/", GIVEN)
    other = "62999900000777"
    Worker.objects.filter(pk=worker.pk).update(card_account=other, card_hash=lookup_hash(other), card_tail="0777")
    sign_in("reviewer", "220102")
    by = Actor(person=Person.objects.get(username="reviewer-220102"))
    done = cards.confirm([CardChange.objects.get().pk], by=by, at=timezone.now())
    assert (done.done, done.left) == (0, ["样例1：登记的社保卡在这笔变更之后已更新，请核对后退回"])
    worker.refresh_from_db()
    assert worker.card_tail == "0777"


def test_another_offices_people_are_not_found(worker: Worker, sign_in: SignIn) -> None:
    sign_in("clerk", "220102").post(f"/desk/subsidies/workers/{worker.pk}/card/", GIVEN)
    change = CardChange.objects.get()
    assert sign_in("clerk", "220200").get(f"/desk/subsidies/workers/{worker.pk}/card/").status_code == 404
    reviewer = sign_in("reviewer", "220200")
    shown = plain(reviewer.post(DECIDE, {"decision": "confirm", "cards": [change.pk]}, follow=True))
    assert "所选变更已不在待确认之列" in shown
    change.refresh_from_db()
    assert change.status == "proposed"
    assert worker.name not in plain(reviewer.get("/desk/subsidies/cards/"))


def proposed(count: int, by: Person | None = None) -> None:
    """Cards that a file brought for so many people."""
    for serial in range(2, 2 + count):
        id_no = build.worker(serial)
        worker = Worker.objects.get(id_hash=lookup_hash(id_no))
        account = f"6217000{serial:09d}"
        CardChange.objects.create(
            id_hash=worker.id_hash, name=worker.name, region="220102", office=cards.office_of(worker),
            city_office_id=cards.office_of(worker).city_or_self_id, bank="样例银行", account=account, account_hash=lookup_hash(account),
            account_tail=account[-4:], active=True, before=worker.card_account, before_hash=worker.card_hash,
            before_tail=worker.card_tail, source="导入 workers.csv", status="proposed", proposed_at=timezone.now(),
            proposed_by=by, proposed_label="os:operator manage.py import_data",
        )  # fmt: skip


def test_all_that_wait_are_confirmed_at_once_where_they_are_as_many_as_shown(bureau: None, sign_in: SignIn) -> None:
    reviewer = sign_in("reviewer", "220102")
    proposed(21)
    page = plain(reviewer.get("/desk/subsidies/cards/?rows=20"))
    assert "启用全部 21 笔" in page
    assert "os:operator manage.py import_data" in page
    wrong = plain(reviewer.post(DECIDE, {"decision": "confirm", "everything": "20"}, follow=True))
    assert "待确认的已变为 21 笔，与所见的 20 笔不同，未作任何更改" in wrong
    assert "已启用 21 张社保卡" in plain(
        reviewer.post(DECIDE, {"decision": "confirm", "everything": "21"}, follow=True)
    )
    assert not CardChange.objects.waiting().exists()
    assert Worker.objects.filter(card_tail="0022", card_bank="样例银行").exists()


def test_who_imported_the_file_does_not_confirm_it(bureau: None, sign_in: SignIn) -> None:
    sign_in("reviewer", "220102")
    person = Person.objects.get(username="reviewer-220102")
    proposed(2, by=person)
    by, ids = Actor(person=person), list(CardChange.objects.values_list("pk", flat=True))
    done = cards.confirm(ids, by=by, at=timezone.now())
    assert (done.done, done.left) == (0, ["样例2：须由登记人以外的人员确认", "样例3：须由登记人以外的人员确认"])
    assert "本人登记，由另一人确认" in plain(sign_in("reviewer", "220102").get("/desk/subsidies/cards/"))
