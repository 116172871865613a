"""Every number of a dashboard beside the list that it leads to: of its cells, and of the page as it is sent."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.test import Client

from caseworks.oversight.dashboard import Cell, Dashboard

ROWS = 50
_LINKED = re.compile(r'<a href="([^"]+)"[^>]*>(?:<b>)?([\d,]+)</')
_BARE = re.compile(r'<span class="soft">([\d,]+)</span>')


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


def differences(client: Client, cells: Iterable[Cell], known: dict[str, int] | None = None) -> list[str]:
    """The numbers that are not those of their lists; none where all is well. `known` keeps what each list has."""
    wrong, known = [], {} if known is None else known
    for cell in cells:
        if not cell.url:
            assert cell.units == 0, f"{cell.label} leads nowhere"
            continue
        units, money = totals_of(client, cell.url)
        known[cell.url] = units
        if units != cell.units:
            wrong.append(f"{cell.label}: {cell.units}, the list has {units}: {cell.url}")
        if cell.amount and money is not None and f"{cell.amount:,.2f}" != money:
            wrong.append(f"{cell.label}: {cell.amount:,.2f} yuan, the list has {money}: {cell.url}")
        if rows_of(client, cell.url) != min(units, ROWS):
            wrong.append(f"{cell.label}: the page of the list is short: {cell.url}")
    return wrong


def all_cells(page: Dashboard) -> list[Cell]:
    """The dashboard's own numbers, and those of the schemes' cards."""
    own = [
        cell
        for panel in page.panels
        for found in panel.context.values()
        if isinstance(found, list)
        for cell in found
        if isinstance(cell, Cell)
    ]
    return [*page.cells(), *own]


def walked(client: Client, address: str, known: dict[str, int] | None = None) -> tuple[int, list[str]]:
    """Follow every number of the page that is a link: how many there are, and those that are not their list.

    A number without a link is nought; an alert may lead to a card of the page, whose own numbers are followed. A list that
    is `known` is not asked again.
    """
    known = {} if known is None else known
    answer = client.get(address)
    assert answer.status_code == 200, address
    page = answer.content.decode().split("<main")[1]
    wrong = [f"{number} leads nowhere" for number in _BARE.findall(page) if number != "0"]
    links = {(html.unescape(url), int(number.replace(",", ""))) for url, number in _LINKED.findall(page)}
    for url, number in links:
        if url.startswith("#"):
            if f'id="{url[1:]}"' not in page:
                wrong.append(f"{number}: no card {url}")
        elif (units := known[url] if url in known else totals_of(client, url)[0]) != number:
            wrong.append(f"{number}, the list has {units}: {url}")
    return len(links), wrong
