"""Recording the fund's months: by finance, once; a correction is another record, and both stay. (N6.1, J4.3)"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from caseworks.base.errors import Refusal
from caseworks.money.models import FundMonth
from caseworks.people import offices
from caseworks.people.actors import Actor
from caseworks.people.models import Office


def record(
    *,
    region: str,
    period: str,
    balance: Decimal,
    expenditure: Decimal,
    living: Decimal,
    source: str,
    by: Actor,
    at: datetime,
    on: date,
) -> FundMonth:
    """Put a month on record; the same again is refused, other figures are a correction that counts from now on."""
    if not re.fullmatch(r"\d{6}", region):
        raise Refusal(f"行政区划代码 {region} 应为 6 位数字，未作任何更改。省级为 220000 一类的代码。")
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period) or period > f"{on:%Y-%m}":
        raise Refusal(f"月份 {period} 应写作 2024-06，且不晚于本月，未作任何更改。")
    if living > expenditure or min(living, expenditure) < 0:
        raise Refusal("保生活支出应在 0 与当月基金支出之间，未作任何更改。请核对两个数字。")
    if not source.strip():
        raise Refusal("请写明数据来源（如财务月报名称），未作任何更改。")
    office = Office.objects.get(pk=offices.place(region).office_id)
    if not by.may("fund.record", office, on):
        raise Refusal(f"您没有登记{office}基金月报的权限，未作任何更改。请由该机构的财务人员登记。")
    given = {"balance": balance, "expenditure": expenditure, "living": living}
    last = FundMonth.objects.filter(region=region, period=period).order_by("-pk").first()
    if last is not None and all(getattr(last, name) == value for name, value in given.items()):
        raise Refusal(f"地区 {region} {period} 已登记相同的数字，未重复登记。")
    return FundMonth.objects.create(
        region=region, period=period, source=source.strip()[:200], person=by.person, label=by.label, at=at, **given
    )
