"""The typed figures a policy row holds, and the base of every scheme's Parameters. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self

RULE = "rule."
KIND_LABELS = {
    "ratio": "比例",
    "amount": "金额",
    "count": "数量",
    "days": "工作日",
    "months": "月数",
    "text": "文字",
    "switch": "开关",
    "date": "日期",
}


@dataclass(frozen=True)
class Figure:
    """One figure as stored: its name, kind, value and the clause it rests on."""

    name: str
    kind: str
    number: Decimal | None = None
    text: str = ""
    clause: str = ""
    note: str = ""

    @property
    def shown(self) -> str:
        """As a caseworker reads it: 30%, 1,000.00 元, 12 个月, 启用."""
        if self.kind in ("text", "date"):
            return self.text or "（空）"
        if self.number is None:
            return "（空）"
        if self.kind == "ratio":
            return f"{plain(self.number * 100)}%"
        if self.kind == "amount":
            return f"{self.number:,.2f} 元"
        if self.kind == "switch":
            return "启用" if self.number else "停用"
        unit = {"days": " 个工作日", "months": " 个月"}.get(self.kind, "")
        return f"{plain(self.number)}{unit}"


def plain(number: Decimal) -> str:
    """A number without exponent and without trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class Problem:
    """What is wrong with one figure, in words."""

    name: str
    message: str


class FigureErrors(ValueError):
    """The figures of a policy row do not make a scheme's Parameters."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("；".join(f"{p.name}：{p.message}" for p in self.problems))


def figure(
    kind: str,
    label: str,
    *,
    low: int | str | None = None,
    high: int | str | None = None,
    choices: Mapping[str, str] | None = None,
    many: bool = False,
    blank: bool = False,
) -> Any:
    """A field of a Parameters class: the figure's kind, its Chinese name and its bounds.

    `many`: a text of codes separated by semicolons, read as a tuple. `choices`: the codes allowed and their labels.
    """
    return field(
        metadata={
            "kind": kind,
            "label": label,
            "low": None if low is None else Decimal(low),
            "high": None if high is None else Decimal(high),
            "choices": dict(choices or {}),
            "many": many,
            "blank": blank,
        }
    )


@dataclass(frozen=True)
class Rule:
    """A rule's switch: whether it is applied, and the clause or practice it rests on."""

    code: str
    on: bool
    clause: str


@dataclass(frozen=True, kw_only=True)
class BaseParameters:
    """The figures of one policy row, typed and validated. A subclass adds a field a figure and its rules' codes."""

    RULES: ClassVar[Mapping[str, str]] = {}  # reason code → Chinese label

    clauses: Mapping[str, str] = field(default_factory=dict, metadata={"own": True})
    rules: Mapping[str, Rule] = field(default_factory=dict, metadata={"own": True})

    def applies(self, code: str) -> bool:
        """Is the rule of this reason code switched on? (contract, 2: a rule can be switched off in the policy row)"""
        return self.rules[code].on

    def basis(self, name: str) -> str:
        """The clause a figure or a rule's reason code rests on."""
        return self.rules[name].clause if name in self.rules else self.clauses[name]

    @classmethod
    def figure_fields(cls) -> list[dataclasses.Field[Any]]:
        return [f for f in dataclasses.fields(cls) if "kind" in f.metadata]

    @classmethod
    def labels(cls) -> dict[str, str]:
        """The Chinese name of every figure and of every rule's switch."""
        labels = {f.name: f.metadata["label"] for f in cls.figure_fields()}
        return labels | {RULE + code: f"规则：{label}" for code, label in cls.RULES.items()}

    @classmethod
    def kinds(cls) -> dict[str, str]:
        return {f.name: f.metadata["kind"] for f in cls.figure_fields()} | {RULE + code: "switch" for code in cls.RULES}

    @classmethod
    def shown(cls, found: Figure) -> str:
        """A figure as a caseworker reads it, its codes by their Chinese labels."""
        spec = next((f.metadata for f in cls.figure_fields() if f.name == found.name), None)
        if spec is None or not spec["choices"] or not found.text:
            return found.shown
        codes = codes_of(found.text) if spec["many"] else (found.text,)
        return "、".join(spec["choices"].get(code, code) for code in codes)

    @classmethod
    def problems(cls, figures: Mapping[str, Figure]) -> list[Problem]:
        """Everything that is wrong with the figures, each by its name."""
        return cls._read(figures)[1]

    @classmethod
    def from_figures(cls, figures: Mapping[str, Figure]) -> Self:
        """The typed figures, or FigureErrors with every problem."""
        values, problems = cls._read(figures)
        if problems:
            raise FigureErrors(problems)
        rules = {code: Rule(code, bool(figures[RULE + code].number), figures[RULE + code].clause) for code in cls.RULES}
        clauses = {name: f.clause for name, f in figures.items() if not name.startswith(RULE)}
        return cls(**values, clauses=clauses, rules=rules)

    @classmethod
    def _read(cls, figures: Mapping[str, Figure]) -> tuple[dict[str, Any], list[Problem]]:
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        kinds = cls.kinds()
        for name, found in figures.items():
            if name not in kinds:
                problems.append(Problem(name, "不认识的参数"))
            elif found.kind != kinds[name]:
                problems.append(Problem(name, f"类型应为{KIND_LABELS[kinds[name]]}"))
            elif not found.clause.strip():
                problems.append(Problem(name, "缺少依据条款"))
        wrong = {p.name for p in problems}
        labels = cls.labels()
        for name in kinds:
            if name not in figures:
                problems.append(Problem(name, f"缺少“{labels[name]}”"))
                wrong.add(name)
        for f in cls.figure_fields():
            if f.name in wrong:
                continue
            try:
                values[f.name] = value_of(figures[f.name], f.metadata)
            except ValueError as error:
                problems.append(Problem(f.name, str(error)))
        for code in cls.RULES:
            if RULE + code not in wrong and figures[RULE + code].number not in (0, 1):
                problems.append(Problem(RULE + code, "开关只能是 1（启用）或 0（停用）"))
        return values, problems

    def to_figures(self) -> dict[str, Figure]:
        """The figures again, as they would be stored."""
        out = {f.name: stored(f, getattr(self, f.name), self.clauses[f.name]) for f in self.figure_fields()}
        for code, rule in self.rules.items():
            out[RULE + code] = Figure(RULE + code, "switch", Decimal(int(rule.on)), "", rule.clause)
        return out


def stored(spec: dataclasses.Field[Any], value: Any, clause: str) -> Figure:
    """A typed value as a figure."""
    kind = spec.metadata["kind"]
    if kind == "text":
        return Figure(spec.name, kind, None, ";".join(value) if spec.metadata["many"] else value, clause)
    if kind == "date":
        return Figure(spec.name, kind, None, value.isoformat() if value else "", clause)
    return Figure(spec.name, kind, None if value is None else Decimal(value), "", clause)


def value_of(found: Figure, spec: Mapping[str, Any]) -> Any:
    """The typed value of a figure, or ValueError in a caseworker's words."""
    kind = spec["kind"]
    if kind == "text":
        return text_value(found.text.strip(), spec)
    if kind == "date":
        return date_value(found.text.strip(), spec)
    if found.number is None:
        if spec["blank"]:
            return None
        raise ValueError("不能为空")
    return number_value(found.number, spec)


def number_value(number: Decimal, spec: Mapping[str, Any]) -> Decimal | int:
    kind, low, high = spec["kind"], spec["low"], spec["high"]
    if kind == "ratio" and not 0 <= number <= 1:
        raise ValueError(f"比例应在 0 与 1 之间（30% 写作 0.3），现为 {plain(number)}")
    if number < 0:
        raise ValueError(f"不能为负数，现为 {plain(number)}")
    if low is not None and number < low:
        raise ValueError(f"不能小于 {plain(low)}，现为 {plain(number)}")
    if high is not None and number > high:
        raise ValueError(f"不能大于 {plain(high)}，现为 {plain(number)}")
    if kind == "amount" and number != number.quantize(Decimal("0.01")):
        raise ValueError(f"金额最多两位小数，现为 {plain(number)}")
    if kind in ("count", "days", "months"):
        if number != int(number):
            raise ValueError(f"应为整数，现为 {plain(number)}")
        return int(number)
    return number


def codes_of(text: str) -> tuple[str, ...]:
    """The codes of a text that holds several."""
    return tuple(p.strip() for p in re.split("[;；]", text) if p.strip())


def text_value(text: str, spec: Mapping[str, Any]) -> str | tuple[str, ...]:
    parts = codes_of(text) if spec["many"] else (text,)
    if not any(parts) and not spec["blank"]:
        raise ValueError("不能为空")
    allowed = spec["choices"]
    wrong = [p for p in parts if allowed and p and p not in allowed]
    if wrong:
        raise ValueError(f"不认识“{'、'.join(wrong)}”，可用：{'、'.join(allowed)}")
    return parts if spec["many"] else text


def date_value(text: str, spec: Mapping[str, Any]) -> date | None:
    if not text:
        if spec["blank"]:
            return None
        raise ValueError("不能为空")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"日期应为 YYYY-MM-DD，现为 {text}") from None
