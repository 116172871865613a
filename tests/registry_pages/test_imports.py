"""数据导入: upload, preview, confirm, result, mend and upload again; wrong files in words; whose imports one sees."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from caseworks.base.models import Run, RunState
from caseworks.registry.models import Account, Contribution, ImportFile, RejectedRow, Retirement, Unit

from .bureau import Bureau, make_unit

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
NEW = "/desk/imports/new"
UNITS = (
    "统一社会信用代码,单位名称,单位类型,企业划型,行政区划代码,参保状态,参保日期,"
    "劳务派遣许可证号,许可证有效期止,联系电话\n"
)
GOOD = "91220101MA0000001A"


def sample(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, (SAMPLE / name).read_bytes())


def text(name: str, content: str, encoding: str = "utf-8") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode(encoding))


def upload(client: Client, *files: SimpleUploadedFile, **more: str):
    return client.post(NEW, {"files": list(files), "mode": "add", **more}, follow=True)


@pytest.fixture(autouse=True)
def eager(settings, tmp_path) -> None:
    """Tasks run where they are sent; uploads stay in the test's folder."""
    from caseworks.celery import app

    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path, "base_url": None},
        },
    }  # fmt: skip
    before = app.conf.task_always_eager
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = before


pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clerk(bureau: Bureau) -> Client:
    return bureau.client("clerk")


def test_only_clerks_upload(bureau: Bureau) -> None:
    for role in ("reviewer", "supervisor", "auditor", "administrator"):
        assert bureau.client(role).get(NEW).status_code == 403, role
        assert upload(bureau.client(role), sample("units.csv")).status_code == 403, role
    assert not Run.objects.exists()


def test_upload_look_confirm(clerk: Client) -> None:
    """The whole sample in one go, in no order: looked at without a trace, then loaded in the contract's order."""
    page = upload(clerk, sample("contributions.csv"), sample("units.csv"), sample("accounts.csv"))
    words = page.content.decode()
    assert page.status_code == 200
    files = page.context["files"]
    assert [(f["kind"], f["read"], f["new"], f["rejected"]) for f in files] == [
        ("units", 300, 300, 0), ("accounts", 302, 302, 0), ("contributions", 3758, 3758, 0),
    ]  # fmt: skip
    assert "尚未入库" in words
    assert (Unit.objects.count(), Contribution.objects.count(), ImportFile.objects.count()) == (0, 0, 0)
    run = page.context["run"]
    done = clerk.post(f"/desk/imports/preview/{run.pk}/", {"decision": "confirm"}, follow=True)
    assert (Unit.objects.count(), Contribution.objects.count()) == (300, 3758)
    assert [file.run.state for file, _ in done.context["files"]] == ["done"] * 3
    assert "已全部处理完毕" in done.content.decode()
    again = clerk.post(f"/desk/imports/preview/{run.pk}/", {"decision": "confirm"}, follow=True)
    assert "未重复导入" in again.content.decode()
    assert ImportFile.objects.count() == 3
    for file in ImportFile.objects.all():
        assert len(file.sha256) == 64
        assert not default_storage.exists(file.stored_name)
        assert str(file.person) == "测试clerk-220000"


def test_the_same_file_again_changes_nothing(clerk: Client) -> None:
    for _ in range(2):
        page = upload(clerk, sample("units.csv"))
        detail = clerk.post(f"/desk/imports/preview/{page.context['run'].pk}/", {"decision": "confirm"}, follow=True)
    file = detail.context["file"]
    assert (file.read, file.new, file.changed, file.unchanged, file.rejected) == (300, 0, 0, 300, 0)


def test_errors_are_shown_downloaded_and_mended(clerk: Client) -> None:
    rows = (
        UNITS
        + f"{GOOD},=甲有限公司,企业,小型,220101,正常,2015-01-01,,,\n"
        + "91220101MA00000XX1,乙公司,企业,小型,22,正常,2015-01-01,,,\n"
    )
    code = "91220101MA00000XX1"
    from stdnum.cn import uscc as standard

    valid = "91220101MA00000X1" + standard.calc_check_digit("91220101MA00000X1")
    rows = rows.replace(GOOD, valid)
    page = upload(clerk, text("units_2024.csv", rows))
    (file,) = page.context["files"]
    assert (file["read"], file["new"], file["rejected"]) == (2, 1, 1)
    assert file["first"][0]["line"] == 3
    assert page.context["run"].state == RunState.DONE
    detail = clerk.post(f"/desk/imports/preview/{page.context['run'].pk}/", {"decision": "confirm"}, follow=True)
    words = detail.content.decode()
    assert "下载错误清单" in words
    assert code in words
    pk = detail.context["file"].pk
    response = clerk.get(f"/desk/imports/{pk}/errors.csv")
    lines = b"".join(response).decode("utf-8-sig").splitlines()
    assert lines[0] == "line,column,value,reason"
    assert lines[1].startswith("3,uscc,")
    assert "units_2024.csv.errors.csv" in response["Content-Disposition"]
    row = RejectedRow.objects.get()
    settled = clerk.post(
        f"/desk/imports/{pk}/", {"decision": "settle", "rows": [row.pk], "words": "上游测试行"}, follow=True
    )
    assert "已说明 1 行" in settled.content.decode()
    assert not RejectedRow.objects.standing().exists()
    nothing = clerk.post(f"/desk/imports/{pk}/", {"decision": "settle", "rows": [row.pk], "words": ""}, follow=True)
    assert "请说明处理情况" in nothing.content.decode()


def bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (40 << 20))
    return target.getvalue()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (SimpleUploadedFile("units.pdf", b"%PDF-1.7"), "不是 .csv 或 .xlsx 文件"),
        (SimpleUploadedFile("units.csv", b""), "是空文件"),
        (text("报表.csv", "a,b\n1,2\n"), "从文件名看不出"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_not_kept(clerk: Client, file, words: str) -> None:
    response = upload(clerk, sample("units.csv"), file)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert "未保存任何文件" in response.content.decode()
    assert not Run.objects.exists()
    assert not Path(default_storage.path("imports")).exists()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (SimpleUploadedFile("units.xlsx", b"PK\x03\x04 not a workbook"), "不完整、已损坏"),
        (SimpleUploadedFile("units.xlsx", bomb()), "压缩炸弹"),
        (SimpleUploadedFile("units.csv", b"PK\x03\x04\x00"), "扩展名是 .csv"),
        (text("units.csv", "uscc,name\n1,2\n"), "缺少必需的列"),
        (SimpleUploadedFile("units.csv", "uscc,单位名称\n".encode() + "乙方,丙方\n".encode("gb18030")), "混用了两种编码"),
        (SimpleUploadedFile("units.csv", "uscc,单位".encode()[:-1]), "文件不完整"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why_and_nothing_is_stored(clerk: Client, file, words: str) -> None:
    page = upload(clerk, file)
    assert words in page.content.decode()
    assert page.context["importable"] == []
    refused = clerk.post(f"/desk/imports/preview/{page.context['run'].pk}/", {"decision": "confirm"}, follow=True)
    assert "没有可以入库的文件" in refused.content.decode()
    assert not ImportFile.objects.exists()


def test_a_bad_file_beside_a_good_one_is_left_out(clerk: Client) -> None:
    page = upload(clerk, sample("units.csv"), text("listings.csv", "uscc\nx\n"))
    assert [("refused" in f) for f in page.context["files"]] == [False, True]
    clerk.post(f"/desk/imports/preview/{page.context['run'].pk}/", {"decision": "confirm"})
    assert [file.kind for file in ImportFile.objects.all()] == ["units"]


def test_the_limit_is_a_setting(clerk: Client, settings) -> None:
    settings.UPLOAD_LIMIT = 1 << 20
    response = upload(clerk, SimpleUploadedFile("units.csv", b"x" * ((1 << 20) + 1)))
    assert "超过网页上传的上限 1 MB" in response.content.decode()
    assert "import_data" in response.content.decode()


def test_a_large_file_is_looked_at_by_a_worker(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from caseworks.registry import tasks, uploads

    monkeypatch.setattr(uploads, "SMALL", 10)
    sent: list[int] = []
    monkeypatch.setattr(tasks.look_at_upload, "delay", sent.append)
    page = upload(clerk, sample("units.csv"))
    run = page.context["run"]
    assert sent == [run.pk]
    assert f"/desk/imports/preview/{run.pk}/progress" in page.content.decode()
    progress = clerk.get(f"/desk/imports/preview/{run.pk}/progress").content.decode()
    assert "等待开始" in progress
    assert "<html" not in progress
    tasks.look_at_upload(run.pk)
    assert clerk.get(f"/desk/imports/preview/{run.pk}/progress").headers["HX-Refresh"] == "true"
    assert "300" in clerk.get(f"/desk/imports/preview/{run.pk}/").content.decode()


def test_a_broker_that_is_down_is_said_and_can_be_tried_again(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from kombu.exceptions import OperationalError

    from caseworks.registry import tasks

    def down(run_ids: list[int]) -> None:
        raise OperationalError("no broker")

    page = upload(clerk, sample("units.csv"))
    with monkeypatch.context() as patched:
        patched.setattr(tasks.load_files, "delay", down)
        detail = clerk.post(f"/desk/imports/preview/{page.context['run'].pk}/", {"decision": "confirm"}, follow=True)
    assert "后台服务没有应答" in detail.content.decode()
    assert "重新提交" in detail.content.decode()
    again = clerk.post(f"/desk/imports/{detail.context['file'].pk}/", follow=True)
    assert again.context["file"].read == 300


def test_an_upload_is_its_persons_own(bureau: Bureau, clerk: Client) -> None:
    page = upload(clerk, sample("units.csv"))
    path = f"/desk/imports/preview/{page.context['run'].pk}/"
    other = bureau.client("clerk", name="zweiter")
    assert other.get(path).status_code == 404
    assert other.post(path, {"decision": "confirm"}).status_code == 404
    assert not ImportFile.objects.exists()
    stored = page.context["files"][0]["stored"]
    assert default_storage.exists(stored)
    clerk.post(path, {"decision": "discard"})
    assert not default_storage.exists(stored)
    assert "已放弃" in clerk.get(path).content.decode()


def test_an_office_sees_the_imports_of_its_people(bureau: Bureau) -> None:
    city = bureau.client("clerk", bureau.city)
    page = upload(city, text("listings.csv", "uscc,list,listed_on,removed_on,source\n"))
    assert page.status_code == 200
    page = upload(city, sample("units.csv"))
    city.post(f"/desk/imports/preview/{page.context['run'].pk}/", {"decision": "confirm"})
    pk = ImportFile.objects.get().pk
    assert bureau.client("auditor").get(f"/desk/imports/{pk}/").status_code == 200
    elsewhere = bureau.client("auditor", bureau.other)
    for path in (f"/desk/imports/{pk}/", f"/desk/imports/{pk}/errors.csv", f"/desk/imports/{pk}/progress"):
        assert elsewhere.get(path).status_code == 404, path
    assert "units.csv" not in elsewhere.get("/desk/imports/").content.decode()
    assert "units.csv" in bureau.client("auditor", bureau.city).get("/desk/imports/").content.decode()
    assert bureau.client("auditor").post(f"/desk/imports/{pk}/").status_code == 403


def test_the_values_of_people_are_masked_on_pages(bureau: Bureau, clerk: Client) -> None:
    secret = "22010119900101123X"
    page = upload(
        clerk,
        text("workers.csv", f"id_no,name,phone,region,card_bank,card_account,card_active\n{secret},甲,,220101,,,yes\n"),
    )
    (file,) = page.context["files"]
    if file["rejected"]:
        assert secret not in page.content.decode()
        assert secret not in str(Run.objects.get(pk=page.context["run"].pk).summary)


def replaced(bureau: Bureau) -> int:
    """A replacing file that lacks one of two stored months; its number."""
    uscc = "91220104XN4EHMH057"
    make_unit(bureau, uscc, "甲有限公司", region="220104")
    header = "uscc,period,kind,serial,headcount,due,paid,paid_on\n"
    line = "{},{},normal,1,10,100.00,100.00,2023-02-01\n"
    client = bureau.client("clerk")
    page = upload(
        client, text("contributions.csv", header + line.format(uscc, "2023-01") + line.format(uscc, "2023-02"))
    )
    client.post(f"/desk/imports/preview/{page.context['run'].pk}/", {"decision": "confirm"})
    page = upload(
        client, text("contributions.csv", header + line.format(uscc, "2023-01")),
        mode="replace", period_from="2023-01", period_to="2023-12", region="2201",
    )  # fmt: skip
    assert "1条记录不在此文件中" in page.content.decode()
    client.post(f"/desk/imports/preview/{page.context['run'].pk}/", {"decision": "confirm"})
    return ImportFile.objects.latest("pk").pk


def test_what_upstream_voided_is_retired_by_another_person(bureau: Bureau) -> None:
    pk = replaced(bureau)
    path = f"/desk/imports/{pk}/retirements/"
    assert Contribution.objects.count() == 2
    assert (
        bureau.client("clerk").post(path, {"decision": "confirm", "everything": "1", "expected": "1"}).status_code
        == 403
    )
    reviewer = bureau.client("reviewer")
    assert "2023-02" in reviewer.get(path).content.decode()
    assert str(pk) in reviewer.get("/desk/retirements/").content.decode()
    stale = reviewer.post(path, {"decision": "confirm", "everything": "1", "expected": "7"}, follow=True)
    assert "与页面所示不同，未作任何更改" in stale.content.decode()
    assert Contribution.objects.count() == 2
    done = reviewer.post(path, {"decision": "confirm", "everything": "1", "expected": "1"}, follow=True)
    assert "已作废 1 条记录" in done.content.decode()
    assert list(Contribution.objects.values_list("period", flat=True)) == ["2023-01"]


def test_a_record_can_be_kept_with_a_reason(bureau: Bureau) -> None:
    pk = replaced(bureau)
    row = Retirement.objects.get()
    reviewer, path = bureau.client("reviewer"), f"/desk/imports/{pk}/retirements/"
    refused = reviewer.post(path, {"decision": "keep", "rows": [row.pk]}, follow=True)
    assert "请填写保留的说明" in refused.content.decode()
    reviewer.post(path, {"decision": "keep", "rows": [row.pk], "because": "上游漏报"})
    row.refresh_from_db()
    assert (row.status, row.reason, Contribution.objects.count()) == ("kept", "上游漏报", 2)


def test_a_replacing_file_names_period_and_region_of_the_own_office(bureau: Bureau) -> None:
    city = bureau.client("clerk", bureau.city)
    file = lambda: text("contributions.csv", "uscc,period,kind,serial,headcount,due,paid,paid_on\n")  # noqa: E731
    missing = upload(city, file(), mode="replace")
    assert "替换导入须填写" in missing.content.decode()
    turned = upload(city, file(), mode="replace", period_from="2023-05", period_to="2023-01", region="2201")
    assert "截止期早于起始期" in turned.content.decode()
    outside = upload(city, file(), mode="replace", period_from="2023-01", period_to="2023-12", region="2202")
    assert "不在您机构的管辖范围内" in outside.content.decode()
    units = upload(city, sample("units.csv"), mode="replace", period_from="2023-01", period_to="2023-12", region="2201")
    assert "不能用于替换导入" in units.content.decode()
    assert not Run.objects.exists()


def proposal(bureau: Bureau, uscc: str = GOOD, office=None) -> Account:
    make_unit(bureau, uscc, "甲有限公司", office)
    for status, number in (("current", "6222000011112222"), ("proposed", "6222000033334444")):
        account = Account.objects.create(
            uscc=uscc, kind="corporate", bank_name="示例银行", account_no=number, account_tail=number[-4:],
            account_name="甲有限公司", status=status, proposed_at="2024-06-01T09:00+08:00",
            proposed_by=bureau.person("clerk"), proposed_label="甲",
        )  # fmt: skip
    return account


def test_a_changed_account_is_confirmed_by_a_reviewer(bureau: Bureau) -> None:
    account = proposal(bureau)
    reviewer = bureau.client("reviewer")
    page = reviewer.get("/desk/accounts/").content.decode()
    assert "4444" in page
    assert "6222000033334444" not in page
    done = reviewer.post("/desk/accounts/", {"accounts": [account.pk], "decision": "confirm"}, follow=True)
    assert "已确认 1 个账户" in done.content.decode()
    assert dict(Account.objects.values_list("account_tail", "status")) == {"2222": "superseded", "4444": "current"}


def test_a_refusal_needs_a_reason_and_leaves_the_account_in_use(bureau: Bureau) -> None:
    account = proposal(bureau)
    reviewer = bureau.client("reviewer")
    silent = reviewer.post("/desk/accounts/", {"accounts": [account.pk], "decision": "refuse"}, follow=True)
    assert "请填写退回理由" in silent.content.decode()
    reviewer.post("/desk/accounts/", {"accounts": [account.pk], "decision": "refuse", "because": "户名不符"})
    assert dict(Account.objects.values_list("account_tail", "status")) == {"2222": "current", "4444": "refused"}


def test_accounts_of_other_offices_can_neither_be_seen_nor_decided(bureau: Bureau) -> None:
    account = proposal(bureau)
    other = bureau.client("reviewer", bureau.other)
    assert "甲有限公司" not in other.get("/desk/accounts/").content.decode()
    done = other.post("/desk/accounts/", {"accounts": [account.pk], "decision": "confirm"}, follow=True)
    assert "未作任何更改" in done.content.decode()
    assert Account.objects.get(pk=account.pk).status == "proposed"


def test_a_clerk_does_not_confirm(bureau: Bureau) -> None:
    account = proposal(bureau)
    clerk = bureau.client("clerk")
    assert "data-bulk-item" not in clerk.get("/desk/accounts/").content.decode()
    clerk.post("/desk/accounts/", {"accounts": [account.pk], "decision": "confirm"})
    assert Account.objects.get(pk=account.pk).status == "proposed"
