"""The seed files: policy rows and the calendar's sources, read and written out in full. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import chinese_calendar

from caseworks.law.calendar_files import Day
from caseworks.law.enums import DayKind
from caseworks.law.figures import Figure

SEEDS = Path(__file__).parent / "seeds"
# Bases that are no clause of the two notices: local practice and local procedure, as found in other notices.
PRACTICE = {
    "P": "本省经办实务（吉人社联〔2025〕33号）",
    "F": "吉社保〔2019〕46号经办规程",
    "W": "本省经办实务（取证后 12 个月内申领）",
}
HOLIDAY_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}


@dataclass(frozen=True)
class SeedPolicy:
    """One policy row of a seed file with all its figures."""

    scheme: str
    region: str
    year: int
    version: int
    title: str
    effective_from: date
    effective_to: date | None
    documents: list[dict[str, str]]
    note: str
    draft: bool
    figures: tuple[Figure, ...]


def cited(clause: str, cite: Mapping[str, str]) -> str:
    """The clause written out with the row's own documents; a clause of a notice that the row does not rest on goes."""
    parts = []
    for code in re.split(r",\s*", clause):
        if code in PRACTICE:
            parts.append(PRACTICE[code])
            continue
        notice, article = code.split(".")[0], code
        if notice in cite:
            parts.append(f"{article}（{cite[notice]}）")
        elif notice.startswith("N"):
            parts.append(article)
    return "；".join(parts) or clause


def figure_of(name: str, spec: Mapping[str, str], cite: Mapping[str, str]) -> Figure:
    kind, value = spec["kind"], spec["value"]
    number = None if kind in ("text", "date") or value == "" else Decimal(value)
    text = value if kind in ("text", "date") else ""
    return Figure(name, kind, number, text, cited(spec["clause"], cite), spec.get("note", ""))


def policies(path: Path) -> list[SeedPolicy]:
    """Every policy row of a seed file."""
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    shared: dict[str, dict[str, str]] = data["figures"]
    rows = []
    for row in data["policy"]:
        own = row.get("figures", {})
        unknown = set(own) - set(shared)
        if unknown:
            raise ValueError(f"{path.name}: {row['title']}: {sorted(unknown)}")
        rows.append(
            SeedPolicy(
                scheme=data["scheme"],
                region=row["region"],
                year=row["year"],
                version=row.get("version", 1),
                title=row["title"],
                effective_from=row["effective_from"],
                effective_to=row.get("effective_to"),
                documents=[
                    {"number": d["number"], "title": d["title"], "date": d["date"].isoformat() if "date" in d else ""}
                    for d in row["documents"]
                ],
                note=row.get("note", ""),
                draft=row.get("draft", False),
                figures=tuple(figure_of(n, {**spec, **own.get(n, {})}, row["cite"]) for n, spec in shared.items()),
            )
        )
    return rows


def all_policies() -> list[SeedPolicy]:
    return [row for scheme in ("refunds", "dispatch", "subsidies") for row in policies(SEEDS / f"{scheme}.toml")]


def latest_figures(scheme: str) -> dict[str, Figure]:
    """The figures of a scheme's last seeded row, by name."""
    return {f.name: f for f in policies(SEEDS / f"{scheme}.toml")[-1].figures}


@dataclass(frozen=True)
class SeedYear:
    """One year of the State Council's calendar with its source."""

    year: int
    document: str
    note: str
    days: tuple[Day, ...]


def packaged_days(year: int) -> list[Day]:
    """The year's days off and make-up days in the package chinesecalendar."""
    constants = chinese_calendar.constants
    off = [Day(d, DayKind.OFF.value, HOLIDAY_NAMES[str(h)]) for d, h in constants.holidays.items() if d.year == year]
    work = [Day(d, DayKind.WORK.value, HOLIDAY_NAMES[str(h)]) for d, h in constants.workdays.items() if d.year == year]
    return sorted(off + work)


def calendar_years() -> list[SeedYear]:
    """The years that set-up loads."""
    data = tomllib.loads((SEEDS / "calendar.toml").read_text(encoding="utf-8"))
    return [
        SeedYear(int(year), spec["document"], spec["note"], tuple(packaged_days(int(year))))
        for year, spec in data["years"].items()
    ]
