"""A person's file touches rows of the offices served, and nothing else; commands and the province are free. (J1)"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn.uscc import calc_check_digit

from caseworks.people.actors import Actor
from caseworks.registry import imports
from caseworks.registry.enums import FileKind, Mode
from caseworks.registry.imports import Wish
from caseworks.registry.models import (
    Account,
    Certificate,
    Contribution,
    FundYear,
    ImportFile,
    RejectedRow,
    Retirement,
    Unit,
    Worker,
)
from tests.registry.support import AT, OPERATOR
from tests.registry_pages.bureau import Bureau, make_bureau

Write = Callable[..., Path]


def code(number: int) -> str:
    front = f"91220102MA{number:07d}"
    return front + calc_check_digit(front)


MINE, APART, NEW = code(1), code(2), code(3)
OTHER = "该单位属于乙市，不在您的经办范围；请删去本行，由乙市或省级机构的经办人员导入"
IDS = ("220102199001010017", "220202199001010012", "220102199001010033")


def unit(uscc: str, region: str, name: str = "示例商贸有限公司") -> list[str]:
    return [uscc, name, "enterprise", "small", region, "active", "2015-03-01", *[""] * 7]


def month(uscc: str, period: str = "2023-01", paid: str = "100.00") -> list[str]:
    return [uscc, period, "normal", "1", "10", "100.00", paid, f"{period}-20" if paid != "0" else ""]


@pytest.fixture
def offices(db: None, write: Write) -> Bureau:
    """A unit of the county of 甲市 and one of 乙市, stored by a command."""
    bureau = make_bureau()
    imports.load(write("units", [unit(MINE, "220102"), unit(APART, "220202")]), FileKind.UNITS, OPERATOR, AT)
    return bureau


@pytest.fixture
def clerk(offices: Bureau) -> Actor:
    return offices.actor("clerk", offices.city)


def load(path: Path, kind: FileKind, by: Actor) -> tuple[ImportFile, list[tuple[int, str, str, str]]]:
    """Preview and load; both must say the same. The import and its rejected rows."""
    seen = imports.preview(path, Wish(kind), by=by, at=AT)
    done = imports.load(path, kind, by, AT)
    assert (seen.read, seen.new, seen.changed, seen.unchanged, seen.rejected) == (
        done.read, done.new, done.changed, done.unchanged, done.rejected,
    )  # fmt: skip
    rows = [(r.line, r.column, r.value, r.reason) for r in done.rejected_rows.order_by("line")]
    assert [tuple(row.values()) for row in seen.first_rejected] == rows
    return done, rows


def test_units_of_another_office_are_neither_changed_nor_taken_nor_made(clerk: Actor, write: Write) -> None:
    before = Unit.objects.filter(uscc=APART).values().get()
    rows = [
        unit(MINE, "220102", "新名称有限公司"),
        unit(APART, "220202", "别处单位有限公司"),
        unit(APART, "220102"),
        unit(NEW, "220202"),
    ]
    done, rejected = load(write("units", rows), FileKind.UNITS, clerk)
    assert (done.read, done.stored, done.changed, done.rejected) == (4, 1, 1, 3)
    assert rejected == [(3, "uscc", APART, OTHER), (4, "uscc", APART, OTHER), (5, "uscc", NEW, OTHER)]
    assert Unit.objects.get(uscc=MINE).name == "新名称有限公司"
    assert Unit.objects.filter(uscc=APART).values().get() == before
    assert not Unit.objects.filter(uscc=NEW).exists()


def test_a_unit_of_ones_own_is_not_given_away(clerk: Actor, write: Write) -> None:
    _, rejected = load(write("units", [unit(MINE, "220202")]), FileKind.UNITS, clerk)
    assert rejected == [(2, "uscc", MINE, OTHER)]
    assert Unit.objects.get(uscc=MINE).region == "220102"


def test_a_county_has_no_hand_in_its_city(offices: Bureau, write: Write) -> None:
    clerk = offices.actor("clerk", offices.county)
    done, rejected = load(write("units", [unit(NEW, "220105"), unit(code(4), "220102")]), FileKind.UNITS, clerk)
    assert (done.new, [row[:3] for row in rejected]) == (1, [(2, "uscc", NEW)])
    assert "该单位属于甲市" in rejected[0][3]


def test_contributions_of_another_office_stay(clerk: Actor, write: Write) -> None:
    imports.load(write("contributions", [month(APART)]), FileKind.CONTRIBUTIONS, OPERATOR, AT)
    # the same as stored, another amount, another month, an unknown unit, one of one's own
    rows = [month(APART), month(APART, paid="0"), month(APART, "2023-02"), month(NEW), month(MINE)]
    done, rejected = load(write("contributions", rows), FileKind.CONTRIBUTIONS, clerk)
    assert (done.read, done.new, done.changed, done.unchanged, done.rejected) == (5, 1, 0, 0, 4)
    assert [row[:3] for row in rejected] == [
        (2, "uscc", APART), (3, "uscc", APART), (4, "uscc", APART), (5, "uscc", NEW),
    ]  # fmt: skip
    assert {row[3] for row in rejected[:3]} == {OTHER}
    assert "不在参保单位中" in rejected[3][3]
    assert list(Contribution.objects.order_by("uscc").values_list("uscc", "period", "paid")) == sorted(
        [(MINE, "2023-01", 100), (APART, "2023-01", 100)]
    )


def test_the_first_file_of_a_year_too(clerk: Actor, write: Write) -> None:
    done, rejected = load(write("contributions", [month(MINE), month(APART)]), FileKind.CONTRIBUTIONS, clerk)
    assert (done.new, [row[:3] for row in rejected]) == (1, [(3, "uscc", APART)])
    assert list(Contribution.objects.values_list("uscc", flat=True)) == [MINE]


def test_accounts_of_another_office_are_not_proposed(clerk: Actor, write: Write) -> None:
    rows = [[uscc, "corporate", "示例银行", "", "6222020000001234", "示例"] for uscc in (MINE, APART)]
    _, rejected = load(write("accounts", rows), FileKind.ACCOUNTS, clerk)
    assert rejected == [(3, "uscc", APART, OTHER)]
    assert list(Account.objects.values_list("uscc", flat=True)) == [MINE]


def test_rejected_rows_neither_flag_another_offices_unit_nor_mend_its_rows(clerk: Actor, write: Write) -> None:
    wrong = month(APART, paid="1.234")
    imports.load(write("contributions", [wrong]), FileKind.CONTRIBUTIONS, OPERATOR, AT)
    load(write("contributions", [wrong, month(APART)]), FileKind.CONTRIBUTIONS, clerk)
    first, *later = RejectedRow.objects.order_by("pk")
    assert (first.uscc, first.mended_by) == (APART, None)
    assert [row.uscc for row in later] == ["", ""]
    imports.load(write("contributions", [month(APART)]), FileKind.CONTRIBUTIONS, OPERATOR, AT)
    first.refresh_from_db()
    assert first.mended_by is not None


def test_a_replacing_file_lists_no_record_of_another_office(offices: Bureau, clerk: Actor, write: Write) -> None:
    both = [month(MINE), month(MINE, "2023-02"), month(APART), month(APART, "2023-02")]
    imports.load(write("contributions", both), FileKind.CONTRIBUTIONS, OPERATOR, AT)
    wish = Wish(FileKind.CONTRIBUTIONS, Mode.REPLACE, "2023-01", "2023-12", "22")
    path = write("contributions", [month(MINE), month(APART)])
    done = imports.load(path, wish.kind, clerk, AT, wish=wish)
    assert done.retirements_proposed == 1
    assert list(Retirement.objects.values_list("uscc", flat=True)) == [MINE]
    # what another file proposed for the other office is not closed by a row that was rejected here
    imports.load(write("contributions", [month(MINE)]), wish.kind, OPERATOR, AT, wish=wish)
    imports.load(write("contributions", [month(APART)]), FileKind.CONTRIBUTIONS, clerk, AT)
    assert set(Retirement.objects.filter(uscc=APART).values_list("status", flat=True)) == {"proposed"}


def test_the_fund_is_the_pools_own(offices: Bureau, clerk: Actor, write: Write) -> None:
    rows = [["220000", "2023", "100.00", "10.00"], ["220100", "2023", "50.00", "5.00"]]
    _, rejected = load(write("fund", rows), FileKind.FUND, clerk)
    assert [row[:3] for row in rejected] == [(2, "region", "220000")]
    assert "该地区属于示例省" in rejected[0][3]
    assert list(FundYear.objects.values_list("region", flat=True)) == ["220100"]
    done, rejected = load(write("fund", rows), FileKind.FUND, offices.actor("clerk"))
    assert (done.new, done.unchanged, rejected) == (1, 1, [])


def person(number: int, region: str, name: str = "张三") -> list[str]:
    return [IDS[number], "", name, "", region, "", "", ""]


def test_people_belong_by_their_region(clerk: Actor, write: Write) -> None:
    imports.load(write("workers", [person(0, "220102"), person(1, "220202")]), FileKind.WORKERS, OPERATOR, AT)
    rows = [person(0, "220102", "李四"), person(1, "220102"), person(2, "")]
    _, rejected = load(write("workers", rows), FileKind.WORKERS, clerk)
    assert [row[:3] for row in rejected] == [(3, "id_no", IDS[1]), (4, "id_no", IDS[2])]
    assert "该人员属于乙市" in rejected[0][3]
    assert set(Worker.objects.values_list("name", "region")) == {("李四", "220102"), ("张三", "220202")}
    new = write("workers", [[IDS[2], "王五"]], header=["id_no", "name"])
    assert [row[:2] for row in load(new, FileKind.WORKERS, clerk)[1]] == [(2, "id_no")]
    known = write("workers", [[IDS[0], "赵六"]], header=["id_no", "name"])
    assert load(known, FileKind.WORKERS, clerk)[0].changed == 1


def test_a_certificate_is_not_taken_from_another_offices_person(clerk: Actor, write: Write) -> None:
    imports.load(write("workers", [person(0, "220102"), person(1, "220202")]), FileKind.WORKERS, OPERATOR, AT)

    def certificate(number: int, cert_no: str) -> list[Any]:
        return [IDS[number], "", cert_no, "skill_level", "4-01", "", "4", "2023-05-01", ""]

    imports.load(write("certificates", [certificate(1, "C1")]), FileKind.CERTIFICATES, OPERATOR, AT)
    rows = [certificate(0, "C1"), certificate(1, "C2"), certificate(0, "C3")]
    done, rejected = load(write("certificates", rows), FileKind.CERTIFICATES, clerk)
    assert (done.new, done.changed, [row[:2] for row in rejected]) == (1, 0, [(2, "id_no"), (3, "id_no")])
    assert set(Certificate.objects.values_list("cert_no", flat=True)) == {"C1", "C3"}


def test_the_province_and_commands_are_free(offices: Bureau, write: Write) -> None:
    rows = [unit(APART, "220102"), unit(NEW, "220202")]
    done, rejected = load(write("units", rows), FileKind.UNITS, offices.actor("clerk"))
    assert (done.stored, rejected) == (2, [])
    done, rejected = load(write("units", [unit(APART, "220202"), unit(NEW, "220202")]), FileKind.UNITS, OPERATOR)
    assert (done.stored, rejected) == (1, [])
