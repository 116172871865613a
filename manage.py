#!/usr/bin/env python
"""Caseworks on the command line: `manage.py <command>`."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caseworks.settings")
    from django.core.management import execute_from_command_line

    from caseworks import embedded

    with embedded.for_command(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
