"""Tables to take away: the columns named here and no others, streamed, without formulas, each on record."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from caseworks.base import runs
from caseworks.base.filters import FilterForm
from caseworks.base.identifiers import mask_id, uscc_problem
from caseworks.base.sheets.writing import csv_lines, write_xlsx
from caseworks.people.actors import Actor

FORMS = ("xlsx", "csv")
_NUMBER = re.compile(r"(?<![0-9A-Z])[0-9]{11,19}[0-9Xx]?(?![0-9A-Z])")  # of a person, a telephone, a card; or a unit's
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Column:
    """A column of a download: its heading, its value of a row, its width in a workbook."""

    title: str
    value: Callable[[Any], object]
    width: int = 12


def exported(
    request: HttpRequest,
    lines: Iterable[Any],
    columns: Sequence[Column],
    *,
    name: str,
    form: str,
    count: int,
    at: datetime,
    chosen: FilterForm | None = None,
) -> HttpResponseBase:
    """The lines as `name.xlsx` or `name.csv`, on record: who took them, when, of which filter, how many rows (N6.2)."""
    if form not in FORMS:
        raise Http404
    return recorded(request, name, count, lambda: _table(lines, columns, name=name, form=form), at, chosen)


def recorded(
    request: HttpRequest,
    title: str,
    count: int,
    make: Callable[[], HttpResponseBase],
    at: datetime,
    chosen: FilterForm | None = None,
) -> HttpResponseBase:
    """Make a file to take away and keep on record who took what, when, of which filter, and how many rows.

    Numbers of persons that were searched for are kept masked.
    """
    run = runs.create("export", request.path[:120], title[:200], Actor.of_request(request), at)
    with runs.running(run):
        query = request.GET.copy()
        for key, values in list(query.lists()):
            query.setlist(key, [_masked(value) for value in values])
        words = "；".join(f"{chip.label}：{_masked(chip.value)}" for chip in chosen.chips) if chosen else ""
        run.summary = {"rows": count, "query": query.urlencode(), "words": words}
        return make()


def _masked(text: str) -> str:
    return _NUMBER.sub(
        lambda found: found.group() if uscc_problem(found.group()) is None else mask_id(found.group()), text
    )


def _table(lines: Iterable[Any], columns: Sequence[Column], *, name: str, form: str) -> HttpResponseBase:
    header = [column.title for column in columns]
    cells = ([column.value(line) for column in columns] for line in lines)
    response: HttpResponseBase
    if form == "csv":
        response = StreamingHttpResponse(csv_lines(header, cells), content_type="text/csv; charset=utf-8")
    else:
        book = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
        write_xlsx(book, name, header, cells, [column.width for column in columns])
        book.seek(0)
        response = FileResponse(book, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.{form}") or ""
    response["Cache-Control"] = "private, no-store"
    return response
