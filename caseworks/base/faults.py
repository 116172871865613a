"""Named points at which a process can be made to die, so that a test sees what a crash there leaves behind.

    CASEWORKS_FAULT=batch.lines_written       # SIGKILL of the own process when it first comes there
    CASEWORKS_FAULT=notices.answered:3        # when it comes there for the third time

A point is a no-op unless the variable names it. The variable is refused at start where the name is not known, and
where the site serves a bureau: with neither DEBUG nor CASEWORKS_TRAINING.
"""

from __future__ import annotations

import os
import signal

from django.core.exceptions import ImproperlyConfigured

#: name → where it is; a test holds that each stands in the code once
POINTS = {
    "batch.lines_written": "组批：支付记录已写，业务件未动（事务中）",
    "batch.drawn_up": "组批已提交，尚未放行",
    "batch.lines_sent": "送银行：各笔已送，批次未改（事务中）",
    "batch.sent": "送银行已提交，银行文件未出",
    "results.settled": "登记回盘：支付已结，资金流水和业务件未动（事务中）",
    "results.moved": "登记回盘：资金流水已记，业务件未动（事务中）",
    "results.booked": "登记回盘已提交，尚未答复",
    "announcements.moved": "公示期满：业务件已放行（事务中）",
    "announcements.cleared": "一份公示的放行已提交，下一份未动",
    "notices.claimed": "短信已领取，尚未交网关",
    "notices.answered": "网关已答复，尚未登记",
    "sweep.found": "清查：缺口已记，追回款未立（事务中）",
    "sweep.recovered": "清查：追回款已立，资格未处理（事务中）",
    "sweep.swept": "清查已提交，提醒未发",
    "sweep.reminded": "清查和提醒已提交，文书未出",
}
_armed: dict[str, int] = {}


def arm(wanted: str, *, allowed: bool) -> None:
    """Let the process die where `wanted` says (`name` or `name:nth`); blank lets it live."""
    _armed.clear()
    if not wanted:
        return
    name, _, nth = wanted.partition(":")
    if name not in POINTS:
        raise ImproperlyConfigured(f"CASEWORKS_FAULT names no point: {name}. Known: {', '.join(POINTS)}.")
    if nth and not (nth.isdecimal() and int(nth) > 0):
        raise ImproperlyConfigured(f"CASEWORKS_FAULT={wanted}: after the colon stands a number from 1 on.")
    if not allowed:
        raise ImproperlyConfigured("CASEWORKS_FAULT is for tests: it needs CASEWORKS_DEBUG or CASEWORKS_TRAINING.")
    _armed[name] = int(nth or 1)


def point(name: str) -> None:
    """Die here, if it is this point's turn."""
    if not _armed:
        return
    left = _armed.get(name, 0)
    if left == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    elif left:
        _armed[name] = left - 1
