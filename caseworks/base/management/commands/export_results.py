"""export_results KIND YEAR OUT.csv: the results of a scheme as a file (contract 5)."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from caseworks.base.commands import Command as Base
from caseworks.base.commands import UsageError, a_year
from caseworks.base.panels import functions_of


def writers() -> dict[str, Callable[[int, Path], int]]:
    """Every kind of results, from the `exports()` of the schemes and of the kernel's own exporters."""
    found = functions_of([*settings.SCHEMES, *settings.EXPORTERS], "exports")
    return {kind: writer for exports in found for kind, writer in exports().items()}


class Command(Base):
    help = "Write the results of a policy year as CSV (UTF-8 with BOM)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("kind", help="refunds, subsidies, dispatch or payments")
        parser.add_argument("year", type=a_year)
        parser.add_argument("out", type=Path)

    def work(self, *, kind: str, year: int, out: Path, **options: Any) -> None:
        known = writers()
        if kind not in known:
            raise UsageError(f"没有“{kind}”这种结果，可用：{'、'.join(sorted(known))}。")
        part = out.with_name(out.name + ".part")
        try:
            count = known[kind](year, part)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
        self.say(f"{out.name}: {count} rows")
