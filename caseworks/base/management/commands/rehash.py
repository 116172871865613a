"""`manage.py rehash`: bring every keyed hash to the present CASEWORKS_LOOKUP_KEY, all in one transaction."""

from __future__ import annotations

from typing import Any

from caseworks.base import commands, rekeying


class Command(commands.Command):
    help = "更换检索密钥后，在一个事务中重新计算全部检索码；运行前请停止网站和后台任务"

    def work(self, **options: Any) -> None:
        changed = rekeying.rehash()
        for column, count in changed.items():
            if count:
                self.say(f"{column.table}.{column.name}：重新计算 {count} 条")
        self.say(f"共重新计算 {sum(changed.values())} 条检索码")
