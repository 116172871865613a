"""Tables to take away: the columns named here and no others, streamed, without formulas."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from caseworks.base import runs
from caseworks.base.sheets.writing import csv_lines, write_xlsx
from caseworks.people.actors import Actor

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Column:
    """A column of a download: its heading, its value of a row, its width in a workbook."""

    title: str
    value: Callable[[Any], object]
    width: int = 12


def table_response(rows: Iterable[Any], columns: Sequence[Column], *, name: str, form: str) -> HttpResponseBase:
    """The rows as `name.xlsx` or `name.csv`."""
    header = [column.title for column in columns]
    lines = ([column.value(row) for column in columns] for row in rows)
    response: HttpResponseBase
    if form == "csv":
        response = StreamingHttpResponse(csv_lines(header, lines), content_type="text/csv; charset=utf-8")
    elif form == "xlsx":
        book = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
        write_xlsx(book, name, header, lines, [column.width for column in columns])
        book.seek(0)
        response = FileResponse(book, content_type=XLSX)
    else:
        raise Http404
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.{form}") or ""
    response["Cache-Control"] = "private, no-store"
    return response


def recorded(
    request: HttpRequest, title: str, rows: QuerySet[Any], make: Callable[[], HttpResponseBase], at: datetime
) -> HttpResponseBase:
    """Make a file to take away and keep on record who took what, when, and how many rows."""
    run = runs.create("export", request.path[:120], title, Actor.of_request(request), at)
    with runs.running(run):
        run.summary = {"rows": rows.order_by().count(), "query": request.GET.urlencode()}
        return make()
