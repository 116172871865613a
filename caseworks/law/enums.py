"""The words of the law room."""

from django.db import models


class Scheme(models.TextChoices):
    REFUNDS = "refunds", "稳岗返还"
    DISPATCH = "dispatch", "劳务派遣"
    SUBSIDIES = "subsidies", "技能提升补贴"


class PolicyStatus(models.TextChoices):
    DRAFT = "draft", "草稿"
    IN_FORCE = "in_force", "生效"
    SUPERSEDED = "superseded", "已被替代"


class FigureKind(models.TextChoices):
    RATIO = "ratio", "比例"
    AMOUNT = "amount", "金额（元）"
    COUNT = "count", "数量"
    DAYS = "days", "工作日"
    MONTHS = "months", "月"
    TEXT = "text", "文字"
    SWITCH = "switch", "开关"
    DATE = "date", "日期"


class DayKind(models.TextChoices):
    OFF = "off", "放假"
    WORK = "work", "上班"
