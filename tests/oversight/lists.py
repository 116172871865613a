"""Every number of a dashboard beside the list that it leads to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.test import Client

from caseworks.oversight.dashboard import Cell

ROWS = 50


def totals_of(client: Client, url: str) -> tuple[int, str | None]:
    """How many rows a list has and how much money, as its own line of totals says."""
    parts = urlsplit(url)
    answer = client.get(f"{parts.path}totals/?{parts.query}")
    assert answer.status_code == 200, url
    found = dict(answer.context["totals"])
    count = next(value for label, value in found.items() if label in ("合计", "户数", "件数", "笔数"))
    money = next((value for label, value in found.items() if "金额" in label), None)
    return int(re.sub(r"\D", "", count)), money and money.removesuffix(" 元")


def rows_of(client: Client, url: str) -> int:
    """How many rows the first page of a list shows."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    assert not answer.context["form"].problems, (url, answer.context["form"].problems)
    return len(answer.context["page"])


def differences(client: Client, cells: Iterable[Cell]) -> list[str]:
    """The numbers that are not those of their lists; none where all is well."""
    wrong = []
    for cell in cells:
        if not cell.url:
            assert cell.units == 0, f"{cell.label} leads nowhere"
            continue
        units, money = totals_of(client, cell.url)
        if units != cell.units:
            wrong.append(f"{cell.label}: {cell.units}, the list has {units}: {cell.url}")
        if cell.amount and money is not None and f"{cell.amount:,.2f}" != money:
            wrong.append(f"{cell.label}: {cell.amount:,.2f} yuan, the list has {money}: {cell.url}")
        if rows_of(client, cell.url) != min(units, ROWS):
            wrong.append(f"{cell.label}: the page of the list is short: {cell.url}")
    return wrong
