"""FEEL's grammar, one method to a rule (DMN 1.5, 10.3.1.2); the results are nodes of `policies.feel.syntax`."""

from __future__ import annotations

from typing import cast

from policies.feel.errors import FeelSyntaxError
from policies.feel.lexer import Token
from policies.feel.reading import Reading
from policies.feel.slips import word_meant
from policies.feel.syntax import (
    AnyTest,
    Arithmetic,
    ArithmeticOp,
    AtLiteral,
    Between,
    BooleanLiteral,
    Call,
    Comparison,
    ComparisonOp,
    ContextLiteral,
    Expr,
    Filter,
    For,
    If,
    In,
    InputValue,
    Interval,
    Iterator,
    ListLiteral,
    Logic,
    Name,
    Negate,
    NotTest,
    NullLiteral,
    NumberLiteral,
    OperatorTest,
    Path,
    Quantified,
    Test,
    TextLiteral,
    UnaryTests,
)
from policies.feel.temporal import read_temporal

_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_OPEN_ENDED = ("<", "<=", ">", ">=")
_LEVELS = {"or": 1, "and": 2, "+": 4, "-": 4, "*": 5, "/": 5}
_COMPARISON, _SUM, _TIGHTEST = 3, 4, 5
_LITERALS = {"true": True, "false": False}
_STARTS = frozenset({"(", "[", "]", "{", "-", "?", "true", "false", "null", "if", "for", "some", "every", "function"})


class Clauses(Reading):
    """The rules of the grammar over one reading."""

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        # How many tests enclose the place: `?` means something only within one.
        self._tests = 0
        # Whether the high end of an interval is being read, where `[` may close it: `[1..10[`.
        self._high_end = False

    def expression(self) -> Expr:
        """An expression of any kind."""
        self.descend()
        high_end, self._high_end = self._high_end, False
        result = self._operation(1)
        self._high_end = high_end
        self.ascend()
        return result

    def unary_tests(self) -> UnaryTests:
        """`-`, or tests separated by commas."""
        start = self.token.start
        if self.at("-") and self.ahead().kind == "end":
            self.take()
            return UnaryTests((AnyTest(place=self.since(start)),), place=self.since(start))
        tests = self._test_list()
        return UnaryTests(tests, place=self.since(start))

    def _test_list(self) -> tuple[Test, ...]:
        tests = [self._test()]
        while self.accept(","):
            tests.append(self._test())
        return tuple(tests)

    def _test(self) -> Test:
        self.descend()
        self._tests += 1
        test: Test = self._operator_test() if self.at(*_COMPARISONS) else self._negated_tests() or self._operation(1)
        self._tests -= 1
        self.ascend()
        return test

    def _operator_test(self) -> OperatorTest:
        start = self.token.start
        op = cast("ComparisonOp", self.take().text)
        return OperatorTest(op, self._operation(_SUM), place=self.since(start))

    def _negated_tests(self) -> NotTest | None:
        """`not( … )` where that is all of the test; None, and nothing taken, where it is the function `not`.

        Which of the two it is shows only after its closing parenthesis. As the function's arguments hold no tests,
        the text is read twice at most at each depth.
        """
        mark = self.token
        if mark.text != "not" or mark.kind != "name" or self.ahead().text != "(" or self.ahead(3).text == ":":
            return None
        self.take()
        self.take()
        tests = self._test_list()
        self.expect(")", "after the tests of `not`")
        if self.token.kind == "end" or self.at(",", ")"):
            return NotTest(tests, place=self.since(mark.start))
        self.back_to(mark)
        return None

    def _operation(self, lowest: int) -> Expr:
        """Operands joined by operators that bind at least as tightly as `lowest`; all are left-associative."""
        start = self.token.start
        left = self._comparison() if lowest <= _COMPARISON else self._prefixed()
        while self.token.kind in {"symbol", "keyword"} and _LEVELS.get(self.token.text, 0) >= lowest:
            op = self.take().text
            right = self._operation(_LEVELS[op] + 1) if _LEVELS[op] < _TIGHTEST else self._prefixed()
            if op in {"and", "or"}:
                left = Logic("and" if op == "and" else "or", left, right, place=self.since(start))
            else:
                left = Arithmetic(cast("ArithmeticOp", op), left, right, place=self.since(start))
        return left

    def _comparison(self) -> Expr:
        start = self.token.start
        left = self._operation(_SUM)
        if self.at(*_COMPARISONS):
            op = cast("ComparisonOp", self.take().text)
            right = self._operation(_SUM)
            if self.at(*_COMPARISONS):
                self.unexpected_chain()
            return Comparison(op, left, right, place=self.since(start))
        if self.accept("between"):
            low = self._operation(_SUM)
            self.expect("and", "after the low end of `between`")
            high = self._operation(_SUM)
            return Between(left, low, high, place=self.since(start))
        if self.accept("in"):
            tests = self._in_tests()
            return In(left, tests, place=self.since(start))
        return left

    def _in_tests(self) -> tuple[Test, ...]:
        if self.at(*_COMPARISONS):
            return (self._operator_test(),)
        if not self.at("("):
            return (self._operation(_SUM),)
        start = self.take().start
        tests = self._test_list()
        if self.at("..") and len(tests) == 1 and not isinstance(tests[0], OperatorTest | NotTest | AnyTest):
            return (self._interval(start, tests[0], low_closed=False),)
        self.expect(")", "after the tests of `in`")
        return tests

    def _prefixed(self) -> Expr:
        start = self.token.start
        if not self.at("-"):
            return self._postfixed()
        self.take()
        self.descend()
        inner = self.token
        operand = self._prefixed()
        self.ascend()
        place = self.since(start)
        # `-5` is a number; `-(5)` and `-5[1]` are negations.
        if isinstance(operand, NumberLiteral) and inner.kind == "number" and operand.place == (inner.start, inner.end):
            return NumberLiteral(-operand.value if operand.value else operand.value, place=place)
        return Negate(operand, place=place)

    def _postfixed(self) -> Expr:
        start = self.token.start
        result = self._primary()
        while True:
            if self.accept("."):
                name = self._member_name()
                result = Path(result, name, place=self.since(start))
            elif self.at("[") and not (self._high_end and not self._may_start(self.ahead())):
                self.take()
                condition = self.expression()
                self.expect("]", "after a filter")
                result = Filter(result, condition, place=self.since(start))
            elif self.at("("):
                if not isinstance(result, Name | Path):
                    self.unexpected("expected an operator")
                if isinstance(result, Name) and (meant := word_meant(result.name)):
                    raise FeelSyntaxError("feel-syntax", f"`{result.name}` is not FEEL", result.place, f"write {meant}")
                args, names = self._arguments()
                result = Call(result, args, names, place=self.since(start))
            else:
                return result

    @staticmethod
    def _may_start(token: Token) -> bool:
        return token.kind in {"number", "text", "at", "name"} or (
            token.kind in {"symbol", "keyword"} and token.text in _STARTS
        )

    def _member_name(self) -> str:
        if self.token.kind not in {"name", "keyword"}:
            self.unexpected("expected a name after `.`")
        return self.take().text

    def _arguments(self) -> tuple[tuple[Expr, ...], tuple[str, ...] | None]:
        self.take()
        args: list[Expr] = []
        names: list[str] = []
        while not self.at(")"):
            named = (
                self.token.kind in {"name", "keyword"} and self.ahead().text == ":" and self.ahead().kind == "symbol"
            )
            if args and named != bool(names):
                self.wrong("either all arguments have a name or none has")
            if named:
                if self.token.text in names:
                    self.wrong(f"argument `{self.token.text}` repeated")
                names.append(self.take().text)
                self.take()
            args.append(self.expression())
            if not self.accept(","):
                break
            if self.at(")"):
                self.unexpected("expected an argument after `,`")
        self.expect(")", "after the arguments")
        return tuple(args), tuple(names) if names else None

    def _primary(self) -> Expr:
        token = self.token
        place = (token.start, token.end)
        match token.kind, token.text:
            case "number", _:
                self.take()
                return NumberLiteral(token.number, place=place)
            case "text", text:
                self.take()
                return TextLiteral(text, place=place)
            case "at", _:
                return self._at_literal()
            case "name", name:
                self.take()
                return Name(name, place=place)
            case "keyword", ("true" | "false") as text:
                self.take()
                return BooleanLiteral(_LITERALS[text], place=place)
            case "keyword", "null":
                self.take()
                return NullLiteral(place=place)
            case "keyword", "if":
                return self._if()
            case "keyword", "for":
                return self._for()
            case "keyword", ("some" | "every"):
                return self._quantified()
            case "keyword", ("function" | "external"):
                return self.refuse("a function definition is not allowed", "name the computation under let")
            case "symbol", "?":
                return self._input_value()
            case "symbol", "(":
                return self._parenthesised()
            case "symbol", "[":
                return self._bracketed()
            case "symbol", "]":
                self.take()
                return self._interval(token.start, self.expression(), low_closed=False)
            case "symbol", "{":
                return self._context()
            case _:
                return self.unexpected("expected an expression")

    def _at_literal(self) -> Expr:
        token = self.take()
        place = (token.start, token.end)
        try:
            return AtLiteral(token.text, read_temporal(token.text), place=place)
        except ValueError as error:
            raise FeelSyntaxError("feel-temporal", str(error), place) from None

    def _input_value(self) -> Expr:
        if not self._tests:
            self.wrong("`?` stands for the value a cell tests and has no meaning here")
        token = self.take()
        return InputValue(place=(token.start, token.end))

    def _parenthesised(self) -> Expr:
        start = self.take().start
        if self.at(*_OPEN_ENDED):
            op = self.take().text
            end = self.expression()
            self.expect(")", "after an open-ended interval")
            low, high = (None, end) if op.startswith("<") else (end, None)
            closed = op.endswith("=")
            return Interval(low, high, closed and high is None, closed and low is None, place=self.since(start))
        inner = self.expression()
        if self.at(".."):
            return self._interval(start, inner, low_closed=False)
        if self.at(","):
            self.unexpected("expected `)`")
        self.expect(")", "after an expression in parentheses")
        return inner

    def _bracketed(self) -> Expr:
        start = self.take().start
        items: list[Expr] = []
        while not self.at("]"):
            items.append(self.expression())
            if len(items) == 1 and self.at(".."):
                return self._interval(start, items[0], low_closed=True)
            if not self.accept(","):
                break
            if self.at("]"):
                self.unexpected("expected an item after `,`")
        self.expect("]", "after the items of a list")
        return ListLiteral(tuple(items), place=self.since(start))

    def _interval(self, start: int, low: Expr, *, low_closed: bool) -> Interval:
        """The rest of an interval, from its `..` on."""
        self.expect("..", "after the low end of an interval")
        self.descend()
        enclosing, self._high_end = self._high_end, True
        high = self._operation(1)
        self._high_end = enclosing
        self.ascend()
        if not self.at("]", ")", "["):
            self.unexpected("expected `]` or `)` after the high end of an interval")
        high_closed = self.take().text == "]"
        return Interval(low, high, low_closed, high_closed, place=self.since(start))

    def _context(self) -> Expr:
        start = self.take().start
        entries: dict[str, Expr] = {}
        while not self.at("}"):
            if self.token.kind not in {"name", "keyword", "text"}:
                self.unexpected("expected the name of an entry")
            if self.token.text in entries:
                self.wrong(f"key `{self.token.text}` repeated")
            key = self.take().text
            self.expect(":", "after the name of an entry")
            entries[key] = self.expression()
            if not self.accept(","):
                break
            if self.at("}"):
                self.unexpected("expected an entry after `,`")
        self.expect("}", "after the entries of a context")
        return ContextLiteral(tuple(entries.items()), place=self.since(start))

    def _if(self) -> Expr:
        start = self.take().start
        condition = self.expression()
        self.expect("then", "after the condition of `if`")
        then = self.expression()
        self.expect("else", "after the `then` of `if`")
        return If(condition, then, self.expression(), place=self.since(start))

    def _for(self) -> Expr:
        start = self.take().start
        iterators = self._iterators()
        self.expect("return", "after the lists of `for`")
        return For(iterators, self.expression(), place=self.since(start))

    def _quantified(self) -> Expr:
        start = self.token.start
        kind = self.take().text
        iterators = self._iterators()
        self.expect("satisfies", f"after the lists of `{kind}`")
        return Quantified("some" if kind == "some" else "every", iterators, self.expression(), place=self.since(start))

    def _iterators(self) -> tuple[Iterator, ...]:
        iterators = [self._iterator()]
        while self.accept(","):
            iterators.append(self._iterator())
        return tuple(iterators)

    def _iterator(self) -> Iterator:
        start = self.token.start
        if self.token.kind != "name":
            self.unexpected("expected a name for the items")
        name = self.take().text
        self.expect("in", f"after `{name}`")
        source = self.expression()
        until = self.expression() if self.accept("..") else None
        return Iterator(name, source, until, place=self.since(start))
