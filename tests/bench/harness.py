"""Runs the benches: `script/bench [NAME…] [--sizes 100000,1000000] [--write]`.

A bench is a module `bench_<name>.py` here with a function `run(bench: Bench) -> None`. It makes what it needs for
`bench.size` units (or finds what an earlier bench left in the same database: `bench.state`) and states each figure
beside its floor, measured in the same run:

    with bench.timed() as floor:
        …
    with bench.timed() as work:
        …
    bench.figure("screening", work.seconds, floor.seconds, of="count(*) over its facts", limit=2.0, growth=1.15)

Each size runs in a process of its own, on a throw-away, tuned and durable PostgreSQL of its own, migrated and set up
as a training database. `limit` bounds figure ÷ floor, `growth` bounds that ratio at the largest size by the one at
the smallest; a figure without a floor may have an absolute `ceiling`. What is out of bounds makes the run fail.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
RESULTS = BASE_DIR / "docs" / "performance.json"
DOCUMENT = BASE_DIR / "docs" / "performance.md"
BEGIN, END = "<!-- bench: written by script/bench --write -->", "<!-- bench: end -->"
SIZES = (100_000, 1_000_000)
ORDER = ("import", "screening", "pages", "cases", "payments", "announcements", "dispatch", "subsidies")
POSTGRES = {
    "shared_buffers": "2GB", "work_mem": "128MB", "maintenance_work_mem": "512MB", "max_wal_size": "16GB",
    "checkpoint_timeout": "30min", "effective_cache_size": "6GB", "wal_buffers": "64MB",
    "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on",
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One measured figure beside its floor."""

    bench: str
    name: str
    size: int
    value: float
    unit: str
    floor: float | None
    of: str
    limit: float | None
    growth: float | None
    ceiling: float | None

    @property
    def ratio(self) -> float | None:
        """The figure in floors."""
        return self.value / self.floor if self.floor else None

    @property
    def kept(self) -> bool:
        """Whether it is inside its bounds."""
        over = self.limit is not None and self.ratio is not None and self.ratio > self.limit
        return not over and not (self.ceiling is not None and self.value > self.ceiling)

    def line(self) -> str:
        """The figure for people."""
        text = f"{self.bench:<10} {self.size:>9,}  {self.name:<44} {self.value:>10.3f} {self.unit:<3}"
        if self.floor is not None:
            text += f" | floor {self.floor:>9.3f} ({self.of}) | × {self.ratio:.2f}"
        if self.limit is not None or self.ceiling is not None:
            text += f" | ≤ {self.limit if self.limit is not None else self.ceiling}" + ("" if self.kept else "  OVER")
        return text


@dataclass
class Timer:
    """Wall-clock seconds of a block."""

    seconds: float = 0.0


@dataclass
class Bench:
    """What a bench module is given."""

    size: int
    name: str = ""
    state: dict[str, Any] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    #: a folder for files, removed afterwards
    folder: Path = field(default_factory=lambda: Path(os.environ["CASEWORKS_VAR"]) / "bench")

    @contextlib.contextmanager
    def timed(self) -> Iterator[Timer]:
        """Time a block."""
        timer, start = Timer(), time.perf_counter()
        yield timer
        timer.seconds = time.perf_counter() - start

    def say(self, text: str) -> None:
        """Tell how far it is."""
        print(f"  … {self.name} {self.size:,}: {text}", flush=True)

    def memory(self) -> float:
        """The most memory this process has had so far, in MB; the bench may reset it with `reset_memory`."""
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def reset_memory(self) -> None:
        """Count the most memory from here."""
        Path("/proc/self/clear_refs").write_text("5")

    def figure(
        self, name: str, value: float, floor: float | None = None, *, of: str = "", unit: str = "s",
        limit: float | None = None, growth: float | None = None, ceiling: float | None = None,
    ) -> None:  # fmt: skip
        """State one figure; printed at once."""
        figure = Figure(self.name, name, self.size, value, unit, floor, of, limit, growth, ceiling)
        self.figures.append(figure)
        print(figure.line(), flush=True)


# -- one size, in a process of its own


def child(size: int, names: Sequence[str], out: Path) -> None:
    """Run the benches of one size on the servers that the environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caseworks.settings")
    for command in (["migrate", "--verbosity", "0"], ["setup"], ["collectstatic", "--noinput"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=BASE_DIR, check=True, stdout=subprocess.DEVNULL)
    import django

    django.setup()
    bench = Bench(size)
    bench.folder.mkdir(parents=True)
    for name in names:
        bench.name = name
        importlib.import_module(f"tests.bench.bench_{name}").run(bench)
        out.write_text(json.dumps([asdict(figure) for figure in bench.figures]))


def measure(size: int, names: Sequence[str]) -> list[Figure]:
    """Run the benches of one size on servers of their own."""
    sys.path.insert(0, str(BASE_DIR))
    from caseworks.embedded import Servers

    root = os.environ.get("CASEWORKS_BENCH_FOLDER")  # a disk with room: a million units take about 10 GB
    folder = Path(tempfile.mkdtemp(prefix="caseworks-bench-", dir=root))
    servers = Servers(folder / "servers", throwaway=True, options=POSTGRES)
    out = folder / "figures.json"
    environment = {
        **os.environ, "CASEWORKS_VAR": str(folder / "var"), "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url, "CASEWORKS_DEBUG": "0", "CASEWORKS_TRAINING": "1",
        "CASEWORKS_SECRET_KEY": "bench",
        "CASEWORKS_SEAL_KEYS": "1:ZGV2ZWxvcG1lbnQtb25seS1zZWFsLWtleS0zMi1ieXQ=",
        "CASEWORKS_LOOKUP_KEY": "ZGV2ZWxvcG1lbnQtb25seS1sb29rLWtleS0zMi1ieXQ=", "CASEWORKS_HOSTS": "testserver",
        "CASEWORKS_SSL_REDIRECT": "0", "CASEWORKS_TRAINING_PASSWORD": "caseworks-bench-2024",
    }  # fmt: skip
    (folder / "var").mkdir()
    (folder / "var" / "assets").symlink_to(BASE_DIR / "var" / "assets")
    try:
        with servers.used():
            command = [sys.executable, "-m", "tests.bench.harness", "--child", str(size), "--out", str(out), *names]
            done = subprocess.run(command, cwd=BASE_DIR, env=environment, check=False)
            figures = [Figure(**row) for row in json.loads(out.read_text())] if out.exists() else []
            if done.returncode:
                print(f"The benches of {size:,} units ended with {done.returncode}.", file=sys.stderr)
                raise SystemExit(1)
            return figures
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# -- all sizes


def growth(figures: Sequence[Figure]) -> list[tuple[str, float, float]]:
    """How the ratio of a figure grows from the smallest to the largest size: name, growth, bound."""
    found = []
    for name, bound in {(each.name, each.growth) for each in figures if each.growth is not None}:
        rows = sorted((each for each in figures if each.name == name), key=lambda each: each.size)
        if len(rows) > 1 and rows[0].ratio and rows[-1].ratio and bound is not None:
            found.append((name, rows[-1].ratio / rows[0].ratio, bound))
    return sorted(found)


def table(figures: Sequence[Figure]) -> str:
    """The figures as a table of docs/performance.md."""
    lines = ["| bench | units | figure | value | floor | ratio | bound |", "|---|--:|---|--:|--:|--:|--:|"]
    for each in figures:
        floor = f"{each.floor:.3f} {each.unit} ({each.of})" if each.floor is not None else ""
        ratio = f"{each.ratio:.2f}" if each.ratio is not None else ""
        bound = f"× {each.limit:g}" if each.limit is not None else ""
        bound = bound or (f"{each.ceiling:g} {each.unit}" if each.ceiling is not None else "")
        mark = "" if each.kept else " **over**"
        value = f"{each.value:.3f} {each.unit}"
        lines.append(f"| {each.bench} | {each.size:,} | {each.name} | {value} | {floor} | {ratio} | {bound}{mark} |")
    for name, found, most in growth(figures):
        mark = "" if found <= most else " **over**"
        lines.append(f"| growth | | {name}: largest ÷ smallest | | | {found:.2f} | {most:g}{mark} |")
    return "\n".join(lines)


def write(figures: Sequence[Figure]) -> None:
    """Put the table between its marks in docs/performance.md."""
    text = DOCUMENT.read_text() if DOCUMENT.exists() else f"# Performance\n\n{BEGIN}\n{END}\n"
    if BEGIN not in text:
        text += f"\n{BEGIN}\n{END}\n"
    head, rest = text.split(BEGIN, 1)
    DOCUMENT.write_text(f"{head}{BEGIN}\n{table(figures)}\n{END}{rest.split(END, 1)[1]}")


def remember(figures: Sequence[Figure]) -> list[Figure]:
    """Merge into docs/performance.json: what a bench says of a size replaces all that it said of that size before."""
    rows = [Figure(**row) for row in json.loads(RESULTS.read_text())] if RESULTS.exists() else []
    again = {(each.bench, each.size) for each in figures}
    kept = [each for each in rows if (each.bench, each.size) not in again]
    merged = sorted([*kept, *figures], key=lambda each: (each.bench, each.name, each.size))
    RESULTS.write_text(json.dumps([asdict(each) for each in merged], indent=1, ensure_ascii=False) + "\n")
    return merged


def names_of(chosen: Sequence[str]) -> list[str]:
    """The benches to run, imports first."""
    there = {path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py")}
    unknown = set(chosen) - there
    if unknown:
        raise SystemExit(f"No such bench: {', '.join(sorted(unknown))}. There are: {', '.join(sorted(there))}.")
    return sorted(set(chosen) or there, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benches; 1 when a figure is out of its bounds."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which benches (all)")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of units, comma separated")
    parser.add_argument(
        "--write",
        action="store_true",
        help="keep the figures in docs/performance.json and its table in docs/performance.md",
    )
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child is not None:
        child(given.child, given.names, given.out)
        return 0
    names = names_of(given.names)
    figures: list[Figure] = []
    for size in sorted({int(text) for text in given.sizes.split(",")}):
        figures += measure(size, names)
    if given.write:
        write(remember(figures))
    over = [f"{each.bench}: {each.name} at {each.size:,}" for each in figures if not each.kept]
    over += [f"growth of {name}: {found:.2f} > {bound}" for name, found, bound in growth(figures) if found > bound]
    for each in over:
        print(f"Over its bound: {each}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
