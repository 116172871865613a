"""Reading ahead keeps the order, raises where the lines are taken, and never waits for who has gone."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from caseworks.base.ahead import ahead


def source(name: str, lines: int) -> Iterator[str]:
    for number in range(lines):
        yield f"{name}{number}"


def reading_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "reading-ahead"]


@pytest.mark.parametrize("sizes", [(), (0,), (1, 0, 3), (5000, 2048, 1)])
def test_each_source_comes_whole_and_in_order(sizes: tuple[int, ...]) -> None:
    with ahead([partial(source, f"{place}-", size) for place, size in enumerate(sizes)]) as parts:
        found = [list(lines) for _, lines in zip(sizes, parts, strict=False)]
    assert found == [[f"{place}-{number}" for number in range(size)] for place, size in enumerate(sizes)]
    assert not reading_threads()


def test_what_goes_wrong_while_reading_is_raised_to_the_one_who_takes_the_lines() -> None:
    def broken() -> Iterator[str]:
        yield "first"
        raise OSError("connection lost")

    with ahead([partial(source, "a", 2), broken]) as parts:
        assert list(next(parts)) == ["a0", "a1"]
        with pytest.raises(OSError, match="connection lost"):
            list(next(parts))
    assert not reading_threads()


def test_one_who_stops_taking_lines_leaves_no_thread_behind() -> None:
    closed = threading.Event()

    def endless() -> Iterator[str]:
        try:
            while True:
                yield "line"
        finally:
            closed.set()

    with ahead([endless]) as parts:
        assert next(next(parts)) == "line"
    assert not reading_threads()
    assert closed.wait(5)
