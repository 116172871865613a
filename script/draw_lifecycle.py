#!/usr/bin/env python
"""Draw the table of steps into docs/architecture.md. A test holds the page to the table."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"


def main() -> int:
    """Replace what stands between the marks."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caseworks.settings")
    from caseworks.cases.lifecycle import drawing

    text = PAGE.read_text(encoding="utf-8")
    drawn = re.sub(
        r"<!-- steps -->.*<!-- /steps -->", lambda _: f"<!-- steps -->\n{drawing()}\n<!-- /steps -->", text, flags=re.S
    )
    PAGE.write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
