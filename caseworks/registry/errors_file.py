"""The rejected rows of an import as `line, column, value, reason`. (contract section 1)

Beside the input of the command stands `<file name>.errors.csv` with the values as they were in the file, for programs;
the download of a page is for people and is neutralised against formulas. A later import of the same file without a
rejected row removes the file that an earlier one left.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from caseworks.base.sheets.writing import csv_lines, write_csv
from caseworks.registry.loading.rejects import HEADER, listed
from caseworks.registry.models import ImportFile


def beside(path: Path) -> Path:
    """Where the errors of an input file stand."""
    return path.with_name(f"{path.name}.errors.csv")


def write_beside(path: Path, import_file: ImportFile) -> Path | None:
    """Write the errors beside the input, or remove those of an earlier import."""
    target = beside(path)
    if not import_file.rejected:
        target.unlink(missing_ok=True)
        return None
    write_csv(target, HEADER, listed(import_file), for_people=False)
    return target


def download(import_file: ImportFile) -> Iterable[str]:
    """The same for a page, line by line."""
    return csv_lines(HEADER, listed(import_file), for_people=True)
