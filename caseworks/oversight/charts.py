"""The dashboards' charts as data for static/caseworks/caseworks.js; each stands beside a table with the same numbers."""

from __future__ import annotations

from typing import Any

from caseworks.oversight import fund
from caseworks.oversight.dashboard import Dashboard
from caseworks.oversight.enums import BANDS

COLOURS = {"": "#0b5cad", "amber": "#d98200", "red": "#b3261e"}
MOST = 10


def of(page: Dashboard) -> dict[str, dict[str, Any]]:
    """The charts by the name of their place; one without numbers is left out."""
    found = {"funnel": _funnel(page), "reasons": _reasons(page), "open": _open(page), "paid": _paid(page)}
    return {name: chart for name, chart in found.items() if chart is not None}


def _funnel(page: Dashboard) -> dict[str, Any] | None:
    if not any(cell.units for cell in page.funnel):
        return None
    return {
        "horizontal": True,
        "labels": True,
        "unit": "",
        "categories": [cell.label for cell in page.funnel],
        "series": [{"name": "户数", "values": [cell.units for cell in page.funnel]}],
    }


def _reasons(page: Dashboard) -> dict[str, Any] | None:
    rows = page.reasons[:MOST]
    if not rows:
        return None
    return {
        "horizontal": True,
        "labels": True,
        "unit": "",
        "categories": [cell.label for cell in rows],
        "series": [{"name": "户数", "values": [cell.units for cell in rows]}],
        "colours": ["#5f7285"],
    }


def _open(page: Dashboard) -> dict[str, Any] | None:
    if not page.open:
        return None
    return {
        "horizontal": True,
        "unit": "",
        "categories": [row.cell.label for row in page.open],
        "series": [
            {"name": label, "values": [row.bands[number].units for row in page.open], "stack": "age"}
            for number, (label, *_) in enumerate(BANDS.values())
        ],
        "colours": ["#2a9d64", "#0b5cad", "#d98200", "#b3261e"],
    }


def _paid(page: Dashboard) -> dict[str, Any] | None:
    if not page.paid:
        return None
    return {
        "unit": "万元",
        "categories": [cell.label for cell in page.paid],
        "series": [{"name": "到账金额", "values": [fund.in_tens_of_thousands(cell.amount) for cell in page.paid]}],
        "colours": ["#2a9d64"],
    }
