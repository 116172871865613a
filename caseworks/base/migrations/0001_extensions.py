"""The extensions the tables stand on; each comes with PostgreSQL's own contrib."""

from django.contrib.postgres.operations import BtreeGinExtension, BtreeGistExtension, TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [TrigramExtension(), BtreeGistExtension(), BtreeGinExtension()]
