"""Caseworks: unemployment-insurance support for employers (失业保险援企稳岗)."""

from caseworks.celery import app as celery_app

__all__ = ["celery_app"]
__version__ = "0.1.0"
