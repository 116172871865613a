"""The words and codes of which the demo province is made."""

from __future__ import annotations


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


CITIES = {
    "2201": "长春",
    "2202": "吉林市",
    "2203": "四平",
    "2204": "辽源",
    "2205": "通化",
    "2206": "白山",
    "2207": "松原",
    "2208": "白城",
    "2224": "延边",
    "220581": "梅河口",
}
REGIONS = words(
    """220102 220103 220104 220105 220106 220112 220113 220122 220182 220183 220184 220202 220203 220204 220211 220221
    220281 220282 220283 220284 220302 220303 220322 220323 220382 220402 220403 220421 220422 220502 220503 220521
    220523 220524 220581 220582 220602 220605 220621 220622 220623 220681 220702 220721 220722 220723 220781 220802
    220821 220822 220881 220882 222401 222402 222403 222404 222405 222406 222424 222426"""
)
WEIGHTS = [{"2201": 9, "2202": 4}.get(code[:4], 3 if code[4:] in ("01", "02") else 2) for code in REGIONS]

MARKS = words("示例 样例 演示 模拟 虚构")
NAMES = words(
    """晨曦 瑞丰 龙腾 泰岳 盛泽 凌云 佳木 宏图 金穗 北辰 百川 众诚 德信 和润 永固 顺通 安达 新野 长青 启明 春晖 广源
    向阳 松花 雾凇 同心 远航 天成 恒业 博雅 嘉禾 锦程 鼎盛 卓越 万象 星海 明德 华章 吉庆 福临 兴隆 通达 立诚 思源 致远
    青禾 云帆 海棠"""
)
INDUSTRIES = words(
    """商贸 食品 机械 建材 物流 纺织 餐饮 科技 农业开发 汽车配件 环保科技 装饰工程 文化传媒 物业服务 医药 木业 信息技术
    建筑工程 广告 酒店管理 家居 电子 印务 园林"""
)
BANKS = words("示例银行 虚构商业银行 样例农村信用社")
TRADES = [("6-31-01-03", "电工"), ("6-18-04-01", "铣工"), ("4-03-02-01", "中式烹调师"), ("4-02-06-01", "养老护理员")]


def person_name(number: int) -> str:
    """A name that says it is an example."""
    return f"{'王李张刘陈杨赵周'[number % 8]}{'示样演模'[number // 8 % 4]}{'例本习式'[number // 32 % 4]}"


HEADERS = {
    "units": "uscc name unit_type size region status insured_from dispatch_licence dispatch_licence_until phone "
    "address legal_representative contact former_names",
    "accounts": "uscc kind bank_name bank_code account_no account_name",
    "contributions": "uscc period kind serial headcount due paid paid_on",
    "separations": "uscc id_no separated_on reason",
    "listings": "uscc list listed_on removed_on source",
    "fund": "region year closing_balance expenditure",
    "workers": "id_no name phone region card_bank card_account card_active",
    "worker_insurance": "id_no uscc period_from period_to",
    "benefit_spells": "id_no period_from period_to",
    "certificates": "id_no cert_no cert_type occupation_code occupation level issued_on issuer",
    "training_subsidies": "id_no occupation_code level paid_on amount",
    "later/accounts": "uscc kind bank_name bank_code account_no account_name",
}

# -- identifiers

USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUE = {letter: value for value, letter in enumerate(USCC_LETTERS)}
_USCC_WEIGHTS = [pow(3, place, 31) for place in range(17)]
_CODE_VALUE = {letter: value for value, letter in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_CODE_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ID_WEIGHTS = [pow(2, 17 - place, 11) for place in range(17)]


def uscc_of(prefix: str, region: str, number: int) -> str:
    """A well-formed code (GB 32100, GB 11714) whose organisation part begins with XD, which is not handed out."""
    body = f"XD{number:06d}"
    total = sum(_CODE_VALUE[letter] * weight for letter, weight in zip(body, _CODE_WEIGHTS, strict=True))
    code = f"{prefix}{region}{body}{'0X987654321'[total % 11]}"
    rest = sum(_USCC_VALUE[letter] * weight for letter, weight in zip(code, _USCC_WEIGHTS, strict=True)) % 31
    return code + USCC_LETTERS[(31 - rest) % 31]


def id_of(region: str, born: str) -> str:
    """A well-formed citizen number (GB 11643) with the order number 000, which is not handed out."""
    body = f"{region}{born}000"
    rest = sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11
    return body + "10X98765432"[rest]
