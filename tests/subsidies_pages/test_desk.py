"""The desk's pages of the skill subsidy: the queue, the counter, a file, a claim, a worker, statistics, scope and masks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from caseworks.base.models import Run
from caseworks.base.sealed import lookup_hash
from caseworks.registry.models import Worker
from subsidies import overlaps, tasks
from subsidies.models import Claim, ClaimFile, Invitation, Lookup, Overlap
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR
from tests.subsidies_pages.conftest import plain

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
DAY = "2024-06-28 10:00:00+08:00"


@pytest.fixture(autouse=True)
def _today() -> object:
    with time_machine.travel(DAY, tick=False):
        yield


def submit(people: Path) -> None:
    call_command("submit_claims", str(people / "claims.csv"), "--year", "2024")


def test_the_queue_filters_sums_and_exports(people: Path, sign_in: SignIn) -> None:
    submit(people)
    clerk = sign_in()
    page = plain(clerk.get("/desk/subsidies/?year=2024&outcome=refused&reason=annual_limit"))
    assert "技能补贴 · 2024 年度申领" in page
    assert page.count("本年度次数已满") >= 7
    totals = plain(clerk.get("/desk/subsidies/totals/?year=2024"))
    assert "153" in totals
    assert "82" in totals
    answer = clerk.get("/desk/subsidies/export.csv?year=2024&outcome=granted")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 83
    numbers = {claim.id_no for claim in Claim.objects.all()}
    everything = "".join(lines) + clerk.get("/desk/subsidies/?year=2024&rows=100").content.decode()
    assert not [number for number in numbers if number in everything]
    assert Run.objects.filter(kind="export").count() == 1


def test_a_claim_shows_each_rule_with_its_numbers_and_clause(people: Path, sign_in: SignIn) -> None:
    submit(people)
    claim = Claim.objects.filter(reasons=["window_expired"]).first()
    assert claim is not None
    page = plain(sign_in("reviewer").get(f"/desk/subsidies/{claim.pk}/"))
    assert "最迟应于" in page
    assert "取证后 12 个月内申领" in page
    assert page.count("符合") >= 9
    assert claim.id_no not in page
    assert "吉人社联〔2024〕43号" in page


def test_the_number_alone_fills_everything_in_and_takes_the_claim(bureau: None, sign_in: SignIn) -> None:
    id_no = build.worker(1, card=False)
    build.certificate(id_no, "C1", level=4)
    build.certificate(id_no, "C2", level=2)
    clerk = sign_in("clerk", "220100")
    answer = clerk.post("/desk/subsidies/new/", {"id_no": id_no, "id_type": "resident_id"})
    page = plain(answer)
    for words in (
        "样例1",
        "36 个月",
        "199****0001",
        "社会保障卡金融功能未激活",
        "可以申领",
        "1,500.00",
        "补贴范围为初级",
    ):
        assert words in page
    assert id_no not in answer.content.decode()
    token = answer.context["taking"]["token"].value()
    taken = clerk.post("/desk/subsidies/new/", {"token": token, "certificates": ["C1"], "applied_on": "2024-06-28"})
    claim = Claim.objects.get()
    assert (taken.status_code, taken["Location"]) == (302, f"/desk/subsidies/{claim.pk}/")
    assert (claim.channel, claim.outcome, claim.person is not None) == ("counter", "granted", True)
    assert Lookup.objects.get().claim == claim
    shown = plain(clerk.get(taken["Location"]))
    assert "未激活，拨付前须激活" in shown
    assert "证书登记导入文件" in shown


def test_the_counter_says_what_is_wrong(bureau: None, sign_in: SignIn) -> None:
    id_no = build.worker(1)
    clerk = sign_in("clerk", "220200")
    wrong = clerk.post("/desk/subsidies/new/", {"id_no": "22010219900101001", "id_type": "resident_id"})
    assert (wrong.status_code, "证件号码应为18位，现为17位" in plain(wrong)) == (422, True)
    elsewhere = clerk.post("/desk/subsidies/new/", {"id_no": id_no, "id_type": "resident_id"})
    assert (elsewhere.status_code, "经办，请到该机构办理" in plain(elsewhere)) == (422, True)
    unknown = clerk.post("/desk/subsidies/new/", {"id_no": build.number(9), "id_type": "resident_id"})
    assert "参保职工（workers.csv）中没有此人" in plain(unknown)
    token = unknown.context["taking"]["token"].value()
    nothing = clerk.post("/desk/subsidies/new/", {"token": token, "other": " ", "applied_on": "2024-06-28"})
    assert "请选择要申领的证书" in plain(nothing)
    future = clerk.post("/desk/subsidies/new/", {"token": token, "other": "X1", "applied_on": "2024-06-29"})
    assert "不能晚于今天" in plain(future)
    clerk.post("/desk/subsidies/new/", {"token": token, "other": "X1", "applied_on": "2024-06-28"})
    claim = Claim.objects.get()
    assert (claim.reasons, claim.office.code) == (["certificate_not_found"], "220200")
    assert clerk.post("/desk/subsidies/new/", {"token": "eA==", "applied_on": "2024-06-28"}).status_code == 404


def test_another_offices_claims_are_not_found(people: Path, sign_in: SignIn) -> None:
    submit(people)
    claim = Claim.objects.exclude(city_office__code="220100").exclude(name="").first()
    assert claim is not None
    worker = Worker.objects.get(id_hash=claim.id_hash)
    changchun = sign_in("clerk", "220100")
    for address in (f"/desk/subsidies/{claim.pk}/", f"/desk/subsidies/workers/{worker.pk}/"):
        assert changchun.get(address).status_code == 404
    assert changchun.post(f"/desk/subsidies/{claim.pk}/look-up/").status_code == 404
    mine = Claim.objects.filter(city_office__code="220100").count()
    assert f"{mine}" in plain(changchun.get("/desk/subsidies/totals/?year=2024"))
    assert sign_in("administrator").get("/desk/subsidies/").status_code == 403


def test_a_file_is_taken_shown_and_its_errors_are_downloaded(people: Path, sign_in: SignIn) -> None:
    clerk = sign_in()
    dirty = (people / "dirty" / "21_claims" / "claims.csv").read_bytes()
    answer = clerk.post("/desk/subsidies/files/new/", {"year": "2024", "file": SimpleUploadedFile("claims.csv", dirty)})
    file = ClaimFile.objects.get()
    assert answer["Location"] == f"/desk/subsidies/files/{file.pk}/"
    page = plain(clerk.get(answer["Location"]))
    for words in ("10 读入（行）", "3 受理（件）", "7 拒绝（行）", "证件号码校验码不正确"):
        assert words in page
    assert "222403195005310005" not in page
    errors = b"".join(clerk.get(f"/desk/subsidies/files/{file.pk}/errors.csv").streaming_content).decode("utf-8-sig")
    assert errors.splitlines()[0] == "line,column,value,reason"
    again = clerk.post("/desk/subsidies/files/new/", {"year": "2024", "file": SimpleUploadedFile("other.csv", dirty)})
    assert (again.status_code, "没有重复受理" in plain(again)) == (422, True)
    assert ClaimFile.objects.count() == 1
    assert "claims.csv" in plain(clerk.get("/desk/subsidies/files/"))
    assert sign_in("clerk", "220200").get(f"/desk/subsidies/files/{file.pk}/").status_code == 404


def test_a_workers_page_has_the_timeline_and_everything_about_them(people: Path, sign_in: SignIn) -> None:
    submit(people)
    claim = Claim.objects.standing().exclude(occupation="").first()
    assert claim is not None
    worker = Worker.objects.get(id_hash=claim.id_hash)
    answer = sign_in("auditor").get(f"/desk/subsidies/workers/{worker.pk}/")
    page = plain(answer)
    for words in (worker.name, "参保月份", "企业在职", claim.cert_no, "2024 年第"):
        assert words in page
    for number in (worker.id_no, worker.phone, worker.card_account):
        assert number not in answer.content.decode()


def test_statistics_by_level_occupation_and_issuer(people: Path, sign_in: SignIn) -> None:
    submit(people)
    supervisor = sign_in("supervisor")
    page = plain(supervisor.get("/desk/subsidies/statistics/?year=2024"))
    for words in (
        "153 申领（件）",
        "82 符合（件）",
        "按等级",
        "初级（五级）",
        "按评价机构",
        "示例评价机构",
        "本年度次数已满",
    ):
        assert words in page
    answer = supervisor.get("/desk/subsidies/statistics/level.csv?year=2024")
    assert "初级（五级）" in b"".join(answer.streaming_content).decode("utf-8-sig")
    assert supervisor.get("/desk/subsidies/statistics/nothing.csv").status_code == 404
    empty = sign_in("clerk", "220800").get("/desk/subsidies/statistics/?year=2026")
    assert "这一年度还没有申领" in plain(empty)


def test_overlaps_stand_side_by_side_and_are_dismissed_by_a_reviewer(people: Path, sign_in: SignIn) -> None:
    submit(people)
    claim = Claim.objects.standing().first()
    assert claim is not None
    build.training(claim.id_no, claim.occupation_code, claim.level or 5, "2024-12-01", "777.00")
    clerk, reviewer = sign_in(), sign_in("reviewer")
    assert "新发现 1 条" in plain(clerk.post("/desk/subsidies/overlaps/look/", follow=True))
    page = plain(clerk.get("/desk/subsidies/overlaps/?year=2024"))
    for words in (claim.name, "同一等级", "777.00 元", "拨付暂缓"):
        assert words in page
    found = Overlap.objects.get()
    assert clerk.post(f"/desk/subsidies/overlaps/{found.pk}/dismiss/", {"because": "x"}).status_code == 403
    assert "请写明" in plain(
        reviewer.post(f"/desk/subsidies/overlaps/{found.pk}/dismiss/", {"because": " "}, follow=True)
    )
    reviewer.post(f"/desk/subsidies/overlaps/{found.pk}/dismiss/", {"because": "培训补贴已退回"})
    assert "培训补贴已退回" in plain(reviewer.get("/desk/subsidies/overlaps/?year=2024"))
    assert overlaps.look(by=OPERATOR, at=AT).found == 0


def test_invitations_are_sent_in_the_background_and_listed(
    people: Path, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_no = build.worker(1)
    build.certificate(id_no, "C1", level=4)
    monkeypatch.setattr(tasks.invite, "delay", tasks.invite)
    clerk = sign_in("clerk", "220100")
    page = plain(clerk.post("/desk/subsidies/invitations/run/", follow=True))
    assert "已告知" in page
    assert Invitation.objects.filter(id_hash=lookup_hash(id_no)).count() == 1
    assert not Invitation.objects.exclude(city_office__code="220100").exists()
    assert "尚未申领" in page
    assert sign_in("reviewer").post("/desk/subsidies/invitations/run/").status_code == 403


def test_the_workbench_and_menu_lead_here(people: Path, sign_in: SignIn) -> None:
    submit(people)
    page = plain(sign_in("clerk").get("/desk/"))
    assert "技能补贴 · 2024 年度" in page
    assert "窗口受理" in page
