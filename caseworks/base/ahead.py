"""Reading ahead: the facts of the next city are read while the judgements of the one before are being committed.

A thread of its own empties the sources, one after the other, into a short queue; what is read waits in it as blocks of
lines. An error while reading is raised where the lines are taken.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from queue import Full, Queue

Source = Callable[[], Iterator[str]]
Item = list[str] | BaseException | None  # lines, what went wrong, or the end of a source

_LINES = 2048  # a block
_BLOCKS = 8  # waiting, at most
_LOOK = 0.2  # seconds until a reader that is not asked for more looks whether anybody still listens


@contextmanager
def ahead(sources: Iterable[Source]) -> Iterator[Iterator[Iterator[str]]]:
    """The lines of each source, in order; each must be taken to its end before the next. Read ahead by a thread."""
    queue: Queue[Item] = Queue(_BLOCKS)
    given_up = threading.Event()
    thread = threading.Thread(target=_read, args=(sources, queue, given_up), name="reading-ahead", daemon=True)
    thread.start()
    try:
        yield (_lines(queue) for _ in count())
    finally:
        given_up.set()
        thread.join()


def _read(sources: Iterable[Source], queue: Queue[Item], given_up: threading.Event) -> None:
    try:
        for source in sources:
            block: list[str] = []
            for line in source():
                block.append(line)
                if len(block) == _LINES:
                    _put(queue, block, given_up)
                    block = []
            _put(queue, block, given_up)
            _put(queue, None, given_up)
    except _GivenUpError:
        return
    except BaseException as error:  # raised again by the one who takes the lines
        with suppress(_GivenUpError):
            _put(queue, error, given_up)


def _lines(queue: Queue[Item]) -> Iterator[str]:
    while (item := queue.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield from item


class _GivenUpError(Exception):
    """Nobody takes the lines any more."""


def _put(queue: Queue[Item], item: Item, given_up: threading.Event) -> None:
    while not given_up.is_set():
        try:
            return queue.put(item, timeout=_LOOK)
        except Full:
            continue
    raise _GivenUpError
