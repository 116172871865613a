"""The desk's pages of the skill subsidy: the queue, the counter, a file, a claim, a worker, statistics, scope and masks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caseworks.base.models import Run
from caseworks.base.sealed import lookup_hash
from caseworks.law.models import Policy
from caseworks.registry.models import Worker
from subsidies import overlaps, tasks
from subsidies.models import Claim, ClaimFile, Invitation, Lookup, Overlap
from subsidies.persons import Spell
from subsidies.views.workers import timeline
from tests.subsidies import build
from tests.subsidies.conftest import AT, OPERATOR
from tests.subsidies_pages.conftest import plain

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
DAY = "2024-06-28 10:00:00+08:00"
# What every page of the desk asks: who is signed in, and whether this is a training database.
FRAME = r"SAVEPOINT|django_session|FROM \"(people_person|people_appointment|law_trainingmark)\""


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


def test_the_type_of_the_number_is_kept_for_somebody_unknown(bureau: None, sign_in: SignIn) -> None:
    clerk = sign_in()
    answer = clerk.post("/desk/subsidies/new/", {"id_no": "e12345678", "id_type": "passport"})
    given = {"token": answer.context["taking"]["token"].value(), "other": "X1", "applied_on": "2024-06-28"}
    assert clerk.post("/desk/subsidies/new/", given).status_code == 302
    claim = Claim.objects.get()
    assert (claim.id_no, claim.reasons) == ("E12345678", ["certificate_not_found"])


def test_an_id_number_is_no_certificate_number(bureau: None, sign_in: SignIn) -> None:
    clerk = sign_in()
    answer = clerk.post("/desk/subsidies/new/", {"id_no": build.worker(1), "id_type": "resident_id"})
    token = answer.context["taking"]["token"].value()
    for other in (build.number(1), build.number(1).lower()):
        wrong = clerk.post("/desk/subsidies/new/", {"token": token, "other": other, "applied_on": "2024-06-28"})
        assert (wrong.status_code, "证书编号一栏填的是证件号码" in plain(wrong)) == (422, True)
    early = clerk.post("/desk/subsidies/new/", {"token": token, "other": "X1", "applied_on": "2019-06-28"})
    assert (early.status_code, "缺少生效的政策：2019 年度" in plain(early)) == (422, True)
    assert not Claim.objects.exists()


def test_before_a_years_policy_is_in_force_claims_of_the_last_one_are_taken(bureau: None, sign_in: SignIn) -> None:
    id_no = build.worker(1)
    build.certificate(id_no, "C1")
    Policy.objects.filter(scheme="subsidies", year=2025).update(status="superseded", superseded_at=AT)
    with time_machine.travel("2025-01-02 10:00:00+08:00", tick=False):
        clerk = sign_in()
        answer = clerk.post("/desk/subsidies/new/", {"id_no": id_no, "id_type": "resident_id"})
        assert (answer.status_code, "暂不能说明今天能否申领：缺少生效的政策：2025 年度" in plain(answer)) == (200, True)
        token = answer.context["taking"]["token"].value()
        given = {"token": token, "certificates": ["C1"], "applied_on": "2024-12-31"}
        assert clerk.post("/desk/subsidies/new/", given).status_code == 302
        assert (Claim.objects.get().outcome, Claim.objects.get().year) == ("granted", 2024)
        late = clerk.post("/desk/subsidies/new/", given | {"applied_on": "2025-01-02"})
        assert (late.status_code, "缺少生效的政策：2025 年度" in plain(late)) == (422, True)


def test_where_the_second_certificate_is_not_taken_the_first_stays(
    bureau: None, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_no = build.worker(1)
    build.certificate(id_no, "C1")
    clerk = sign_in()
    answer = clerk.post("/desk/subsidies/new/", {"id_no": id_no, "id_type": "resident_id"})
    token = answer.context["taking"]["token"].value()
    given = {"token": token, "certificates": ["C1"], "other": build.number(1), "applied_on": "2024-06-28"}
    shown = plain(clerk.post("/desk/subsidies/new/", given, follow=True))
    assert "证书 C1 已受理，符合条件" in shown
    assert "没有受理：证书编号一栏填的是证件号码" in shown
    assert Claim.objects.count() == 1


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


def test_numbers_that_slipped_into_another_column_are_masked(people: Path, sign_in: SignIn) -> None:
    clerk, number = sign_in(), build.number(1)
    content = f"id_no,cert_no,applied_on\n{number},{number},2024-06-03\n{number},C1,{number}\n".encode()
    clerk.post("/desk/subsidies/files/new/", {"year": "2024", "file": SimpleUploadedFile("claims.csv", content)})
    file = ClaimFile.objects.get()
    page = clerk.get(f"/desk/subsidies/files/{file.pk}/").content.decode()
    assert "填的是证件号码，请填写证书编号" in page
    assert number not in page
    answer = clerk.get(f"/desk/subsidies/files/{file.pk}/errors.csv")
    assert number in b"".join(answer.streaming_content).decode("utf-8-sig")
    assert Run.objects.get(kind="export").summary["rows"] == 2


def test_an_upload_does_not_stay_whether_it_was_taken_or_refused(people: Path, sign_in: SignIn) -> None:
    clerk = sign_in()
    for content in (b"id_no,cert_no,applied_on\n", b"id_no,cert_no\n1,2\n"):
        clerk.post("/desk/subsidies/files/new/", {"year": "2024", "file": SimpleUploadedFile("claims.csv", content)})
        file = ClaimFile.objects.latest("pk")
        assert not default_storage.exists(file.stored_name)
    page = plain(clerk.get(f"/desk/subsidies/files/{file.pk}/"))
    assert "applied_on" in page
    assert "这个文件没有受理，未作任何更改" in page


def test_a_workers_page_has_the_timeline_and_everything_about_them(people: Path, sign_in: SignIn) -> None:
    submit(people)
    claim = Claim.objects.standing().exclude(occupation="").first()
    assert claim is not None
    worker = Worker.objects.get(id_hash=claim.id_hash)
    answer = sign_in("auditor").get(f"/desk/subsidies/workers/{worker.pk}/")
    page = plain(answer)
    for words in (worker.name, "参保月份", "企业参保", claim.cert_no, "2024 年第"):
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


def test_months_of_benefit_and_of_insurance_are_told_apart_and_counted() -> None:
    spells = [
        Spell("2023-11", "2024-02", "示例局", enterprise=False),
        Spell("2024-02", "2024-04", "领取失业保险金", enterprise=False, benefit=True),
        Spell("2024-04", "2024-05", "示例公司", enterprise=True),
    ]
    years = timeline(spells, {"2024-03": "电工5级"})
    assert [(year.year, year.insured) for year in years] == [(2024, 4), (2023, 2)]
    assert [month.kind for month in years[0].months[:6]] == [
        "other", "benefit", "benefit", "enterprise", "enterprise", "none",
    ]  # fmt: skip
    assert [month.words for month in years[0].months[1:3]] == ["领取失业保险金（同月参保）", "领取失业保险金"]
    assert years[0].months[2].issued == "电工5级"


def test_no_page_asks_more_than_twelve_times(people: Path, sign_in: SignIn) -> None:
    submit(people)
    claim = Claim.objects.standing().filter(slot=2).earliest("pk")
    worker = Worker.objects.get(id_hash=claim.id_hash)
    clerk, asked = sign_in(), {}
    for place in (
        "", "totals/", f"{claim.pk}/", f"workers/{worker.pk}/", "files/", f"files/{ClaimFile.objects.get().pk}/", "overlaps/",
        "invitations/", "cards/", "statistics/", "new/",
    ):  # fmt: skip
        clerk.get(f"/desk/subsidies/{place}")  # what is asked once a process
        with CaptureQueriesContext(connection) as queries:
            assert clerk.get(f"/desk/subsidies/{place}").status_code == 200
        asked[place] = [query["sql"] for query in queries if not re.search(FRAME, query["sql"])]
    assert {place: said for place, said in asked.items() if len(said) > 12} == {}
