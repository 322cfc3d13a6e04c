"""The place in the tokens where the parser stands, and how it reports what it did not expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from policies.feel.errors import FeelSyntaxError
from policies.feel.lexer import Token
from policies.feel.slips import word_meant
from policies.feel.syntax import Place

DEEPEST = 24


class Reading:
    """The tokens of one text, the place reached, and the depth of what is open."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        # The whole text is no level of its own.
        self._depth = -1

    @property
    def token(self) -> Token:
        """The token not yet taken."""
        return self._tokens[self._at]

    def ahead(self, count: int = 1) -> Token:
        """The token `count` places further on; the end where there are no more."""
        return self._tokens[min(self._at + count, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The token, and on to the next."""
        token = self.token
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def back_to(self, token: Token) -> None:
        """Back to a token already taken."""
        self._at = self._tokens.index(token)

    def at(self, *symbols: str) -> bool:
        """Whether a symbol or keyword out of `symbols` comes next."""
        return self.token.kind in {"symbol", "keyword"} and self.token.text in symbols

    def accept(self, symbol: str) -> bool:
        """Take the symbol or keyword if it comes next."""
        if self.at(symbol):
            self.take()
            return True
        return False

    def expect(self, symbol: str, after: str) -> Token:
        """Take the symbol or keyword, or report that it is missing after `after`."""
        if not self.at(symbol):
            self.unexpected(f"expected `{symbol}` {after}")
        return self.take()

    def since(self, start: int) -> Place:
        """The place from `start` to the end of the token last taken."""
        return (start, self._tokens[self._at - 1].end)

    def descend(self) -> None:
        """One level deeper, opened by the token last taken; refused beyond the deepest allowed."""
        self._depth += 1
        if self._depth > DEEPEST:
            opening = self._tokens[self._at - 1]
            place = (opening.start, opening.end)
            message = f"nesting deeper than {DEEPEST}"
            raise FeelSyntaxError("feel-too-deep", message, place, "name the inner parts under let")

    def ascend(self) -> None:
        """One level up again."""
        self._depth -= 1

    def wrong(self, message: str, help_: str | None = None) -> NoReturn:
        """Report the token that comes next."""
        raise FeelSyntaxError("feel-syntax", message, (self.token.start, self.token.end), help_)

    def unexpected(self, expected: str) -> NoReturn:
        """Report the token that comes next as not expected."""
        token = self.token
        found = "the text ends" if token.kind == "end" else f"found `{self._written(token)}`"
        self.wrong(f"{expected}, {found}", self._mend(token))

    @staticmethod
    def _written(token: Token) -> str:
        return f'"{token.text}"' if token.kind in {"text", "at"} else token.text

    def _mend(self, token: Token) -> str | None:
        before = self._tokens[self._at - 1] if self._at else None
        if token.text == ".." and token.kind == "symbol":
            return "write an interval with its brackets, as in [1..10]"
        if token.kind == "name" and (meant := word_meant(token.text)):
            return f"write {meant}"
        if before is not None and before.kind == "name" and (before.text == "not" or word_meant(before.text)):
            return f"write {word_meant(before.text) or 'not(…)'}"
        if token.kind == "keyword" and token.text == "else":
            return "every if takes one then and one else"
        if (
            before is not None
            and token.kind in {"name", "number", "text"}
            and before.kind in {"name", "number", "text"}
        ):
            return "put an operator or a comma between the two, or check the spelling of the name"
        return None

    def finish(self) -> None:
        """Report what is left over, if anything is."""
        if self.token.kind == "end":
            return
        if self.token.text == "instance" and self.ahead().text == "of":
            help_ = "facts have declared types; compare with null where one may be missing"
            self.refuse("`instance of` is not allowed", help_)
        if self.at("=", "!=", "<", "<=", ">", ">="):
            self.unexpected_chain()
        self.unexpected("expected the end")

    def unexpected_chain(self) -> NoReturn:
        """Report a comparison of a comparison, as in `1 < x < 5`."""
        self.wrong("comparisons do not chain", "write x in [1..5], or two comparisons joined by and")

    def refuse(self, message: str, help_: str | None) -> NoReturn:
        """Report the token that comes next as FEEL that is not allowed here."""
        token = self.token
        raise FeelSyntaxError("feel-not-allowed", message, (token.start, token.end), help_)
