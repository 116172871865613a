"""From the bureau's files to a judged province, in a real browser, by a clerk and a reviewer."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SAMPLE

pytestmark = pytest.mark.e2e
FILES = ["units.csv", "accounts.csv", "contributions.csv", "separations.csv", "listings.csv", "fund.csv"]


def upload(page: Page) -> None:
    """Upload the year's files, look at the preview, confirm, and wait until the worker has loaded them."""
    page.goto("/desk/imports/new")
    page.locator("input[name=files]").set_input_files([str(SAMPLE / name) for name in FILES])
    page.get_by_role("button", name="上传并预览").click()
    expect(page.get_by_text("contributions.csv").first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="确认导入").first.click()
    expect(page.locator("[hx-trigger^='every']")).to_have_count(0, timeout=60_000)
    page.goto("/desk/imports/")
    expect(page.locator("tbody").get_by_text("已完成")).to_have_count(len(FILES))


def screen(page: Page) -> None:
    """Start a screening of 2024 as of the sample's day and wait for its end."""
    page.goto("/desk/refunds/screenings/new/")
    page.get_by_label("政策年度").select_option("2024")
    page.get_by_label("筛查日").fill("2024-06-28")
    page.get_by_label("筛查日").blur()
    expect(page.locator("#basis")).to_contain_text("裁员率控制目标")
    expect(page.locator("#basis")).to_contain_text("未见缺口")
    page.get_by_role("button", name="开始筛查").click()
    page.reload()
    expect(page.get_by_role("heading", name="筛查完成")).to_be_visible(timeout=60_000)


def expected() -> dict[str, dict[str, str]]:
    with (SAMPLE / "expected_refunds.csv").open(encoding="utf-8-sig") as stream:
        return {row["uscc"]: row for row in csv.DictReader(stream)}


def test_from_files_to_a_judged_province(
    bureau: None, worker: None, open_page: Callable[..., Page], complaints: list[str], tmp_path: Path
) -> None:
    rows = expected()
    outcomes = [row["outcome"] for row in rows.values()]
    page = open_page("clerk")
    expect(page.get_by_role("heading", name="工作台")).to_be_visible()
    upload(page)
    screen(page)
    for outcome, label in (("eligible", "符合"), ("manual", "待核定"), ("apply", "须申请"), ("ineligible", "不符合")):
        figure = page.locator(".cw-figure").filter(has=page.get_by_text(label, exact=label != "待核定"))
        expect(figure.first).to_contain_text(f"{outcomes.count(outcome)} 户")
    expect(page.locator("[data-chart=chart-reason] svg")).to_be_visible()

    # the figure of a reason leads to its units, and on to one of them
    refused = {u for u, row in rows.items() if row["reasons"] == "layoff_rate_exceeded"}
    line = page.get_by_role("row").filter(has=page.get_by_text("裁员率高于控制目标"))
    line.get_by_role("link").click()
    expect(page.get_by_text("原因：裁员率高于控制目标")).to_be_visible()
    expect(page.locator("#totals")).to_contain_text("户数")
    page.get_by_label("单位类型").select_option("enterprise")
    page.get_by_role("button", name="查询").click()
    uscc = sorted(refused)[0]
    page.goto(f"/desk/refunds/?year=2024&uscc={uscc}")
    page.locator("tbody tr").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="2024 年度稳岗返还核算单")).to_be_visible()
    rate = f"{float(rows[uscc]['layoff_rate']) * 100:.2f}"
    expect(page.locator(".rf-verdict")).to_contain_text(f"裁员率 {rate}%")

    # export of what is filtered
    page.goto("/desk/refunds/?year=2024&outcome=eligible")
    with page.expect_download() as taken:
        page.get_by_role("link", name="导出Excel").click()
    path = tmp_path / "导出.xlsx"
    taken.value.save_as(path)
    sheet = openpyxl.load_workbook(path).active
    header, *lines = list(sheet.iter_rows(values_only=True))
    code, amount = header.index("统一社会信用代码"), header.index("返还金额（元）")
    assert {line[code]: f"{line[amount]:.2f}" for line in lines} == {
        u: row["amount"] for u, row in rows.items() if row["outcome"] == "eligible"
    }

    # the counter
    page.goto("/desk/why/")
    page.get_by_label("统一社会信用代码，或单位名称中的几个字").fill(uscc)
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_text("该单位不符合条件")).to_be_visible()
    expect(page.get_by_text("有疑问请联系")).to_be_visible()

    settle(page, open_page, next(u for u, row in rows.items() if row["reasons"] == "size_unknown"))
    assert complaints == []


def settle(page: Page, open_page: Callable[..., Page], uscc: str) -> None:
    """The clerk sets a size with its source, the reviewer confirms it, and the unit is judged again."""
    page.goto(f"/desk/refunds/2024/{uscc}/")
    page.get_by_role("link", name="填报核定").click()
    page.locator("select[name=value]").select_option("small")
    page.get_by_label("来源").fill("企业 2023 年度报告")
    page.get_by_label("依据说明").fill("年度报告载明从业人员和营业收入属小型")
    page.get_by_role("button", name="提交，等待确认").click()
    expect(page.get_by_text("等待另一人确认").first).to_be_visible()
    expect(page.get_by_text("须由另一人确认。")).to_be_visible()
    other = open_page("reviewer")
    other.get_by_role("link", name="人工核定待确认").click()
    other.locator("tbody tr").first.click()
    other.get_by_label("意见").fill("与年度报告相符")
    other.get_by_role("button", name="确认并重新核算").click()
    expect(other.get_by_text("已确认并重新核算")).to_be_visible()
    expect(other.get_by_role("row").filter(has_text="结论")).to_contain_text("符合")
    page.goto(f"/desk/refunds/2024/{uscc}/")
    expect(page.locator(".rf-head")).to_contain_text("符合")
    expect(page.locator(".rf-head")).not_to_contain_text("待核定")
