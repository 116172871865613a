"""The words of the skill subsidy: outcomes, how a claim came in, what counts as being in service, signs of fraud."""

from django.db import models


class Outcome(models.TextChoices):
    """结论 of the rules (contract 4); how far review has come is the case's status."""

    GRANTED = "granted", "符合"
    REFUSED = "refused", "不符合"


class Channel(models.TextChoices):
    """How a claim was handed in."""

    BULK = "bulk", "批量"
    COUNTER = "counter", "窗口"
    PORTAL = "portal", "网上"
    LOOK = "look", "复核后重新受理"


class Service(models.TextChoices):
    """What a person was in the month of application (N3.1); blank is neither."""

    ENTERPRISE = "enterprise", "企业在职"
    BENEFIT = "benefit", "领取失业保险金"


class Sign(models.TextChoices):
    """What a reviewer should look at: shown and counted, never decided by the machine (N6.3)."""

    CARD_SHARED = "card_shared", "多人同一社保卡"
    PHONE_SHARED = "phone_shared", "多人同一电话"
    ISSUED_IN_BULK = "issued_in_bulk", "同机构同日大量发证"
    LEVEL_JUMP = "level_jump", "越级取证"
    BEFORE_INSURANCE = "before_insurance", "取证早于首次参保"
    AFTER_THE_END = "after_the_end", "死亡或退休后申领"
    TRAINED_SINCE = "trained_since", "申领后又领培训补贴"


class OverlapKind(models.TextChoices):
    """How a training subsidy meets a claim that was granted (N3.3, J3.2)."""

    SAME = "same", "同一等级"
    LOWER = "lower", "其后又领取低等级"
    HIGHER = "higher", "此前已领取高等级"


class Level(models.IntegerChoices):
    """技能等级; the smaller the number, the higher the level (N3.2)."""

    ONE = 1, "高级技师（一级）"
    TWO = 2, "技师（二级）"
    THREE = 3, "高级（三级）"
    FOUR = 4, "中级（四级）"
    FIVE = 5, "初级（五级）"
