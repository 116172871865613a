"""The Celery application: `celery -A caseworks.celery worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caseworks.settings")

app = Celery("caseworks")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
