"""What a password must be, beside Django's own rules."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError


class LengthValidator(MinimumLengthValidator):
    """Long enough; said in Chinese, which Django's catalog leaves out."""

    def get_error_message(self) -> Any:
        """What is wrong."""
        return f"密码过短，至少须有{self.min_length}个字符。"

    def get_help_text(self) -> str:
        """The rule as the form shows it."""
        return f"密码至少须有{self.min_length}个字符。"


class LettersAndDigitsValidator:
    """A letter and a digit at least."""

    def validate(self, password: str, user: object | None = None) -> None:
        """Refuse a password of letters or of digits alone."""
        if not (any(char.isalpha() for char in password) and any(char.isdigit() for char in password)):
            raise ValidationError(self.get_help_text(), code="password_letters_and_digits")

    def get_help_text(self) -> str:
        """The rule as the form shows it."""
        return "密码须同时含有字母和数字。"
