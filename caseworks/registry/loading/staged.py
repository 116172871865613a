"""The usual way of a file: its good rows are staged, compared in sets, and land."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from caseworks.base.sheets.reading import Row, Sheet
from caseworks.registry.loading.clean import clean_lines
from caseworks.registry.loading.copying import Lines, copy_into, csv_line, make_stage
from caseworks.registry.loading.merge import Counts, Merge
from caseworks.registry.loading.rejects import Spool
from caseworks.registry.loading.rows import Rejected, RowParser
from caseworks.registry.specs.shape import FileSpec, Stored

Watch = Callable[[int], None]
_EVERY = 2000  # rows between two looks at the clock


def in_file_order(sheet: Sheet, parser: RowParser) -> tuple[list[Stored], list[int]]:
    """The staged columns as the lines of the file have them, and the place of each in what the parser gives."""
    at = dict(zip((column.name for column in sheet.header.columns), sheet.header.places, strict=True))
    order = sorted(range(len(parser.stored)), key=lambda place: at[parser.stored[place].name])
    return [parser.stored[place] for place in order], order


class Staging:
    """Rows of a sheet on their way into a table by COPY."""

    def __init__(self, spec: FileSpec, sheet: Sheet, spool: Spool, pattern: re.Pattern[bytes] | None) -> None:
        self.spec, self.sheet, self.spool, self.pattern = spec, sheet, spool, pattern
        self.parser = RowParser(spec, sheet.header.present)
        self.lines = Lines()
        self.columns, self.order = list(self.parser.stored), list(range(len(self.parser.stored)))
        if pattern is not None:
            self.columns, self.order = in_file_order(sheet, self.parser)

    def copy(
        self, table: str, watch: Watch, options: str = "", keep: Callable[[Row, tuple], bool] = lambda row, values: True
    ) -> None:
        """COPY the good rows into the table; `keep` may put a row aside."""
        names = [column.name for column in self.columns]
        with copy_into(table, names, options) as copy:
            for number, piece in enumerate(self.sheet.pieces(self.pattern)):
                if isinstance(piece, Row):
                    values = self.parser.parse(piece)
                    if isinstance(values, Rejected):
                        self.spool.add(values)
                    elif keep(piece, values):
                        copy.write(csv_line(values[place] for place in self.order))
                        self.lines.add(piece.line)
                    if number % _EVERY == 0:
                        watch(self.sheet.offset)
                else:
                    content = piece.content
                    copy.write(content.replace(b"\r\n", b"\n") if b"\r" in content else content)
                    self.lines.add(piece.line, piece.count)
                    watch(self.sheet.offset)


def compare(
    spec: FileSpec, stored: Iterable[Stored], lines: Lines, spool: Spool, offices: tuple[int, ...] | None = None
) -> tuple[Merge, Counts]:
    """The staged rows against the table; nothing is written yet."""
    merge = Merge(spec, list(stored), spool.stage, offices)
    parsed_wrong = spool.count
    rejected = merge.judge(lines, spool)
    new, changed = merge.standing()
    return merge, Counts(
        read=lines.count + parsed_wrong,
        new=new,
        changed=changed,
        rejected=rejected + parsed_wrong,
        unchanged=lines.count - new - changed - rejected,
    )


def stage(
    spec: FileSpec, sheet: Sheet, spool: Spool, watch: Watch, offices: tuple[int, ...] | None = None
) -> tuple[Merge, Counts]:
    """Stage the good rows of a sheet and compare them, within some offices or anywhere; nothing is written yet."""
    staging = Staging(spec, sheet, spool, clean_lines(spec, sheet))
    make_stage(spool.stage, staging.columns)
    staging.copy(spool.stage, watch)
    return compare(spec, staging.parser.stored, staging.lines, spool, offices)
