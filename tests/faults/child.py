"""A process that does one act and may die on the way: python -m tests.faults.child ACT FOLDER (CASEWORKS_FAULT says where)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caseworks.settings")
    import django

    django.setup()
    from tests.faults.acts import ACTS

    ACTS[sys.argv[1]].run(Path(sys.argv[2]))
