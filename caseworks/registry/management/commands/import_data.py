"""Import the files of a folder, or single files. (contract section 5)"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from caseworks.base.commands import Command as Base
from caseworks.base.commands import UsageError
from caseworks.base.sheets.errors import UnreadableFile
from caseworks.people.actors import Actor
from caseworks.registry import errors_file, imports, tasks
from caseworks.registry.enums import FileKind
from caseworks.registry.specs import SUFFIXES, kind_of


class Command(Base):
    """Every file that the contract knows by name, in the order of its table; a line a file."""

    help = "导入数据文件：DIR_OR_FILE…（按合同第一节的文件名识别，按表中顺序导入）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="DIR_OR_FILE")

    def work(self, **options: Any) -> None:
        actor = Actor.of_command("import_data")
        unreadable = []
        for kind, path in chosen([Path(text) for text in options["paths"]]):
            try:
                imported = imports.load(path, kind, actor, timezone.now())
            except UnreadableFile as refusal:
                unreadable.append(f"{path.name}: {refusal}")
                continue
            tasks.tell_followers(imported.touched)
            self.say(imported.summary_line)
            for notice in imported.notices:
                self.say(f"{path.name}: {notice}")
            try:
                errors = errors_file.write_beside(path, imported)
            except OSError as error:
                self.stderr.write(f"{path.name}: 无法写出错误清单（{error.strerror}），可在网页上下载。")
            else:
                if errors is not None:
                    self.say(f"{path.name}: 被拒绝的行见 {errors}")
        if unreadable:
            raise UsageError("\n".join(unreadable))


def chosen(paths: list[Path]) -> list[tuple[FileKind, Path]]:
    """The files to import in the order of the contract's table; a folder's unknown names are passed over."""
    found: list[tuple[FileKind, Path]] = []
    for path in paths:
        if path.is_dir():
            for inside in sorted(path.iterdir()):
                kind = kind_of(inside) if inside.is_file() else None
                if kind is not None:
                    found.append((kind, inside))
            continue
        if not path.is_file():
            raise UsageError(f"找不到文件：{path}")
        kind = kind_of(path)
        if kind is None:
            known = "、".join(FileKind.values)
            raise UsageError(f"不认识的文件名：{path.name}。文件名应为 {known} 之一，扩展名为 {' 或 '.join(SUFFIXES)}")
        found.append((kind, path))
    order = {kind: place for place, kind in enumerate(FileKind)}
    return sorted(found, key=lambda pair: order[pair[0]])
