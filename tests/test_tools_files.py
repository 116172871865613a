"""The scripts, the image, the third-party files and the documents about them."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from caseworks import assets
from tests.bench import harness

BASE_DIR = Path(__file__).resolve().parent.parent
SCRIPTS = ["script/setup", "script/demo", "script/test", "script/check", "script/bench", "script/lock", ".ci/run"]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_executable_bash_that_stops_at_an_error(name: str) -> None:
    path = BASE_DIR / name
    assert path.stat().st_mode & 0o111
    assert re.search(r"^set -e?uo pipefail$", path.read_text(), re.M)
    subprocess.run(["bash", "-n", str(path)], check=True)


def compose(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Docker Compose on the file, with this environment only."""
    command = [str(BIN / "docker-compose"), "-f", str(BASE_DIR / "docker-compose.yml"), *arguments]
    return subprocess.run(
        command, cwd="/", env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, text=True
    )


def test_compose_accepts_the_file_once_every_secret_is_given() -> None:
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", (BASE_DIR / "docker-compose.yml").read_text()))
    given = dict.fromkeys(needed, "/given")
    done = compose("config", "-q", **given)
    assert done.returncode == 0, done.stderr
    for name in needed:
        done = compose("config", "-q", **{other: value for other, value in given.items() if other != name})
        assert done.returncode != 0, f"{name} has a default"
        assert name in done.stderr


def test_compose_has_the_whole_site() -> None:
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", (BASE_DIR / "docker-compose.yml").read_text()))
    done = compose("config", "--format", "json", **dict.fromkeys(needed, "/given"))
    services = json.loads(done.stdout)["services"]
    assert set(services) == {"postgres", "redis", "prepare", "web", "worker", "beat", "proxy"}
    assert services["postgres"]["image"] == "postgres:17"
    assert services["redis"]["image"] == "redis:7"
    assert not any("ports" in service for name, service in services.items() if name != "proxy")


def test_the_dockerfile_is_clean_and_ends_as_somebody_other_than_root() -> None:
    path = BASE_DIR / "Dockerfile"
    done = subprocess.run([str(BIN / "hadolint"), str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert re.findall(r"^USER (.+)$", path.read_text(), re.M)[-1] == "10001"


def test_settings_and_configuration_document_name_the_same_variables() -> None:
    called = r"""(?:env(?:\.\w+)?|secret)\(\s*"([A-Z_]+)"|"([A-Z_]+)" (?:not )?in env\.ENVIRON"""
    read = {one or two for one, two in re.findall(called, (BASE_DIR / "caseworks" / "settings.py").read_text())}
    for path in [*(BASE_DIR / "caseworks").glob("*.py"), *(BASE_DIR / "deploy").glob("*.py")]:
        read |= set(re.findall(r"""environ(?:\.get\(|\[)\s*"(CASEWORKS_[A-Z_]+)\"""", path.read_text()))
    for name in ["test", "setup"]:
        read |= set(re.findall(r"\$\{(CASEWORKS_[A-Z_]+)", (BASE_DIR / "script" / name).read_text()))
    document = (BASE_DIR / "docs" / "configuration.md").read_text()
    described = set(re.findall(r"^\| `([A-Z_]+)`", document, re.M))
    composed = set(re.findall(r"\$\{([A-Z_]+)", (BASE_DIR / "docker-compose.yml").read_text()))
    assert (read | composed) - described == set()
    tests_and_benches = {"CASEWORKS_BENCH_FOLDER", "CASEWORKS_EXAMPLES"}
    assert described - read - composed - tests_and_benches == set()


def test_source_map_remarks_are_cut_off_and_nothing_else(tmp_path: Path) -> None:
    for name in assets.FILES:
        path = tmp_path / "modules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x00binary//# sourceMappingURL=kept" if name.endswith("woff2") else b"a{}")
    script = "bootstrap/dist/js/bootstrap.bundle.min.js"
    (tmp_path / "modules" / script).write_bytes(b"call()\n//# sourceMappingURL=bootstrap.bundle.min.js.map")
    style = "bootstrap/dist/css/bootstrap.min.css"
    (tmp_path / "modules" / style).write_bytes(b"a{b:c}\n/*# sourceMappingURL=bootstrap.min.css.map */")
    assets.copy(tmp_path / "modules", tmp_path / "out")
    vendor = tmp_path / "out" / "vendor"
    assert (vendor / assets.FILES[script]).read_bytes() == b"call()"
    assert (vendor / assets.FILES[style]).read_bytes() == b"a{b:c}"
    assert (vendor / "bootstrap-icons/fonts/bootstrap-icons.woff2").read_bytes().endswith(b"kept")


def test_fetched_files_carry_the_stamp_of_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(BASE_DIR / "var" / "assets", tmp_path / "assets")
    monkeypatch.setattr(assets, "npm", lambda: pytest.fail("npm was called for files that are up to date"))
    assert assets.fetch(tmp_path) is False


def test_templates_name_only_third_party_files_that_are_fetched() -> None:
    named = set()
    for path in (BASE_DIR / "templates").rglob("*.html"):
        named |= set(re.findall(r"""["']vendor/([^"']+)["']""", path.read_text()))
    assert named <= set(assets.FILES.values())


def figure(size: int, value: float, floor: float) -> harness.Figure:
    """A figure of a bench."""
    return harness.Figure("screening", "whole province", size, value, "s", floor, "count(*)", 2.0, 1.15, None)


def test_a_bench_figure_is_held_against_its_floor_and_against_its_growth() -> None:
    small, large = figure(100_000, 1.5, 1.0), figure(1_000_000, 19.0, 10.0)
    assert (small.ratio, small.kept, large.kept) == (1.5, True, True)
    assert not figure(100_000, 2.1, 1.0).kept
    [(name, growth, bound)] = harness.growth([small, large])
    assert (name, round(growth, 3), bound) == ("whole province", 1.267, 1.15)


def test_the_table_of_figures_is_written_between_its_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"# Performance\n\nBefore.\n{harness.BEGIN}\nold\n{harness.END}\nAfter.\n")
    monkeypatch.setattr(harness, "DOCUMENT", document)
    harness.write([figure(100_000, 1.5, 1.0)])
    text = document.read_text()
    assert "old" not in text
    assert text.startswith("# Performance\n\nBefore.\n")
    assert text.endswith("\nAfter.\n")
    assert "| screening | 100,000 | whole province | 1.500 s | 1.000 s (count(*)) | 1.50 | × 2 |" in text


def test_a_bench_replaces_what_it_said_of_a_size_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "RESULTS", tmp_path / "performance.json")
    small, large, again = figure(100_000, 1.5, 1.0), figure(1_000_000, 19.0, 10.0), figure(100_000, 1.4, 1.0)
    renamed = dataclasses.replace(small, name="an old name")
    assert harness.remember([renamed, large]) == [renamed, large]
    assert harness.remember([again]) == [again, large]


def test_the_table_in_the_document_is_that_of_the_kept_figures() -> None:
    kept = [harness.Figure(**row) for row in json.loads(harness.RESULTS.read_text())]
    assert harness.table(kept) in harness.DOCUMENT.read_text()
