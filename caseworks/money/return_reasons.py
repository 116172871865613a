"""Why a bank returned a payment, in plain words, and what to do next. Pure: from the bank's own words. (N5.2)"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Plain:
    """A reason as the bureau says it; `mend` where another account is needed, else the same one may be right."""

    label: str
    next: str
    mend: bool


NAME = Plain(
    "户名与账号不一致",
    "请单位核对开户许可证（基本存款账户信息）上的户名和账号，提交更正后的账户，由另一人确认。",
    True,
)
CLOSED = Plain("账户已销户", "请单位提供仍在使用的账户，由另一人确认后再付。", True)
FROZEN = Plain(
    "账户不能收款（冻结、止付或久悬）",
    "请单位到开户银行恢复账户，恢复后写明核实情况再付；不能恢复的，另行提供账户。",
    False,
)
NUMBER = Plain("账号不存在或有误", "请单位核对账号（逐位），提交更正后的账户，由另一人确认。", True)
BANK = Plain("开户行或联行号有误", "请单位核对开户银行和12位联行号，提交更正后的账户，由另一人确认。", True)
CARD = Plain("卡的金融功能未激活", "请本人持社会保障卡到发卡银行激活，激活后写明核实情况再付。", False)
LIMIT = Plain("超过账户收款限额", "请收款人到开户银行调整限额或升级账户，也可另行提供账户。", False)
BANKS_OWN = Plain("银行系统处理失败", "账户无须更正：向银行核实未入账后，写明核实情况，由另一人确认重新支付。", False)
UNKNOWN = Plain("银行未说明清楚", "请向银行查明原因；账户有误的更正账户，无误的写明核实情况。", False)

_OF_A_CARD = {
    NAME.label: "请本人核对社会保障卡上的姓名和账号，更正后的卡信息由社保卡数据导入，由另一人确认后再付。",
    CLOSED.label: "请本人补办或换领社会保障卡并激活金融功能，更新卡信息后再付。",
    FROZEN.label: "请本人持社会保障卡到发卡银行恢复使用，恢复后写明核实情况再付。",
    NUMBER.label: "请本人核对社会保障卡的金融账号，更新卡信息后再付。",
    BANK.label: "请向发卡银行核对开户行和联行号，更新卡信息后再付。",
}

# The first that matches counts: "户名不符，账号不存在" is mended by the name's owner either way.
_WORDS: tuple[tuple[tuple[str, ...], Plain], ...] = (
    (("未激活", "没有激活", "激活"), CARD),
    (("销户", "注销", "已关闭", "结清", "撤销账户"), CLOSED),
    (("冻结", "止付", "只付不收", "管控", "久悬", "睡眠", "不动户", "状态异常", "状态不正常", "暂停"), FROZEN),
    (("限额", "超限", "超额"), LIMIT),
    (("行号", "联行", "开户行", "开户银行", "清算行", "网点"), BANK),
    (("户名", "名称不符", "账户名", "帐户名", "姓名", "账号名"), NAME),
    (("账号", "帐号", "卡号", "无此户", "账户不存在", "查无"), NUMBER),
    (("超时", "系统", "通讯", "通信", "网络", "渠道", "处理失败", "日切"), BANKS_OWN),
)


def plain(words: str, *, card: bool = False) -> Plain:
    """What the bank's words mean; a person, who is paid to the social-security card, is asked for a card."""
    found = next((found for known, found in _WORDS if any(word in words for word in known)), UNKNOWN)
    return replace(found, next=_OF_A_CARD.get(found.label, found.next)) if card else found
