"""`manage.py rotate_keys`: seal everything with the newest key, so that older ones can be put away."""

from __future__ import annotations

from typing import Any

from caseworks.base import commands, rekeying
from caseworks.base.sealed import newest_version


class Command(commands.Command):
    help = "用最新版本的密钥重新密封全部加密字段；可以中断后再次运行"

    def work(self, **options: Any) -> None:
        total = 0
        for column in rekeying.sealed_columns():
            count = rekeying.reseal(column)
            total += count
            if count:
                self.say(f"{column.table}.{column.name}：重新密封 {count} 条")
        self.say(f"共重新密封 {total} 条，全部使用第 {newest_version()} 版密钥")
