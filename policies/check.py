"""From a policy text to checked policies: everything is read, declared, typed, checked and reported at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from policies.adverse_action import by_language, declare_sentences
from policies.blocks import Block, block_names, load_block, standard_reasons
from policies.cases import check_cases
from policies.declarations import Declaring, declare_fact, declare_parameter
from policies.desk import Desk
from policies.diagnostics import Code, Diagnostic, Refused, Severity
from policies.digest import policy_digest
from policies.document import HeaderPart, PolicyPart
from policies.doubts import doubt_of_parameter, unasked
from policies.identifiers import did_you_mean, few_suggestions
from policies.ir import Bundle, Fact, Function, Parameter, Policy, ReasonText
from policies.kinds.kind import Checked, Kind
from policies.kinds.registry import KINDS
from policies.mentions import fact_paths, mentioned
from policies.named_values import check_named_values
from policies.nodes import Scalar, Source, Span
from policies.ordering import in_order
from policies.own_figures import with_own_figures
from policies.protected_names import refuse_protected_parts
from policies.reading import Entries, Reading, read_part, unfold
from policies.reason_codes import declare_reason
from policies.regions import Bounds
from policies.scope import Scope
from policies.source import read
from policies.types import Date, Text, Type, Unknown

MAX_RULES = 10_000
MAX_NEEDS = 30
"""How many policies a chain of `needs` may hold, the one that needs the others included."""


@dataclass(slots=True)
class _Document:
    """A document while it is checked."""

    header: HeaderPart
    reading: Reading
    facts: tuple[Fact, ...]
    parameters: tuple[Parameter, ...]
    blocks: Mapping[str, Block]
    reasons: Mapping[str, ReasonText]
    sentences: Mapping[str, Mapping[str, str]]
    broken: frozenset[str]
    daily: set[str] = field(default_factory=set)


def load(source: Source) -> Bundle:
    """The checked policies of one document, with its warnings. Raises Refused with everything wrong with it."""
    with few_suggestions():
        return _load(source)


def _load(source: Source) -> Bundle:
    reading = Reading()
    tree = unfold(read(source))
    header = read_part(HeaderPart, tree, reading)
    if header is None:
        raise Refused(reading.found)
    document = _declare(header, reading)
    policies = _check_policies(document)
    _doubt_parameters(document)
    _check_size(header, reading)
    known = frozenset(header.policies)
    tests = check_cases(
        header.tests, document.facts, policies, known, header.effective, frozenset(reading.broken), reading.report
    )
    if any(found.severity is Severity.ERROR for found in reading.found):
        raise Refused(reading.found)
    return Bundle(
        name=header.bundle,
        digest=hashlib.sha256(source.text.encode()).hexdigest(),
        source=source,
        effective=header.effective,
        effective_span=None if header.effective is None else header.span("effective"),
        reporting_currency=header.reporting_currency,
        languages=header.languages,
        facts=document.facts,
        policies=policies,
        tests=tests,
        warnings=Refused(reading.found).diagnostics,
    )


def _declare(header: HeaderPart, reading: Reading) -> _Document:
    declaring = Declaring(header.reporting_currency, header.languages, reading.report)
    facts = tuple(
        declare_fact(name, part, header.key_span("facts", name), declaring) for name, part in header.facts.items()
    )
    declared = {name: declare_parameter(name, part, declaring) for name, part in header.parameters.items()}
    standard = standard_reasons()
    own = {code: declare_reason(code, part, declaring, standard.codes) for code, part in header.reasons.items()}
    written = {} if header.adverse_action is None else declare_sentences(header.adverse_action, declaring)
    blocks = {}
    for name in header.uses:
        if name in block_names():
            blocks[name] = load_block(name, header.reporting_currency)
        else:
            close = did_you_mean(name, block_names())
            mend = f"did you mean `{close}`?" if close else "the blocks are " + ", ".join(block_names())
            reading.report(Diagnostic(Code.UNKNOWN_BLOCK, f"no library block `{name}`", header.span("uses"), mend))
            reading.broken.add(name)
    restated = {name: parameter for name, parameter in declared.items() if "." in name}
    document = _Document(
        header=header,
        reading=reading,
        facts=facts,
        parameters=tuple(parameter for name, parameter in declared.items() if name not in restated),
        blocks=with_own_figures(blocks, restated, header, reading.report),
        reasons={**standard.codes, **own},
        sentences=by_language(standard.sentences, written, header.languages),
        broken=frozenset(reading.broken),
    )
    _check_taken(document)
    return document


def _check_taken(document: _Document) -> None:
    """One name, one meaning: facts, parameters, blocks and policies share the space expressions see."""
    header = document.header
    taken = {"as_of": "the day of the decision", "reporting_currency": "the document's currency"}
    written: list[tuple[str, str, Span]] = [
        *((name, "a fact", header.key_span("facts", name)) for name in header.facts),
        *((name, "a parameter", header.key_span("parameters", name)) for name in header.parameters),
        *((name, "a library block", header.span("uses")) for name in document.blocks),
        *((name.replace("-", "_"), "a policy", header.key_span("policies", name)) for name in header.policies),
    ]
    for name, kind, span in written:
        if name in taken:
            said = f"`{name}` is already the name of {taken[name]}"
            document.reading.report(Diagnostic(Code.NAME_TAKEN, said, span, "give one of them another name"))
        taken.setdefault(name, kind)


def _check_policies(document: _Document) -> dict[str, Policy]:
    """Every policy after those it needs. One that was refused, or lies in a circle, stays known by name."""
    parts = {name: part for name, tree in document.header.policies.items() if (part := _read(name, tree, document))}
    refused = any(found.span.path.startswith("$.policies") for found in document.reading.found)
    if not document.header.policies and not refused:
        span = document.header.span("policies")
        document.reading.report(Diagnostic(Code.NO_DOCUMENT, "no policies", span, "add one under `policies:`"))

    def circle(names: tuple[str, ...]) -> None:
        said = "cycle " + " → ".join(names)
        span = parts[names[0]][1].span("needs")
        document.reading.report(Diagnostic(Code.CYCLE, said, span, "take one of the `needs` out"))

    done: dict[str, Policy] = {}
    depths: dict[str, int] = {}
    for name in in_order({name: policy.needs for name, (_, policy) in parts.items()}, circle):
        kind, policy = parts[name]
        needed = [other for other in policy.needs if other in done]
        depths[name] = 1 + max((depths[other] for other in needed), default=0)
        _check_needs(name, policy, depths[name], document)
        # What stands too deep is checked without what it needs: everything that follows a chain of needs goes as deep.
        needs = tuple(done[other] for other in needed) if depths[name] <= MAX_NEEDS else ()
        done[name] = _check_policy(name, kind, policy, needs, document)
    return {name: done[name] for name in document.header.policies if name in done}


def _check_needs(name: str, part: PolicyPart, depth: int, document: _Document) -> None:
    span = part.span("needs")
    for needed in part.needs:
        if needed not in document.header.policies:
            close = did_you_mean(needed, document.header.policies)
            mend = f"did you mean `{close}`?" if close else None
            said = f"`{name}` needs `{needed}`, which is no policy"
            document.reading.report(Diagnostic(Code.UNKNOWN_POLICY, said, span, mend))
    if depth == MAX_NEEDS + 1:
        said = f"`{name}` is the end of a chain of more than {MAX_NEEDS} policies that need each other"
        mend = "let it need what it reads from directly, or join policies of the chain"
        document.reading.report(Diagnostic(Code.NEEDS_TOO_DEEP, said, span, mend))


def _read(name: str, tree: object, document: _Document) -> tuple[Kind, PolicyPart] | None:
    if not isinstance(tree, Entries):
        said = f"the policy `{name}` must be a mapping of keys to values"
        span = document.header.span("policies", name)
        document.reading.report(Diagnostic(Code.SHAPE, said, span))
        return None
    word = tree.get("kind")
    if not isinstance(word, Scalar) or word.text not in KINDS:
        written = word.text if isinstance(word, Scalar) else ""
        close = did_you_mean(written, KINDS)
        mend = f"did you mean `{close}`?" if close else "the kinds are " + ", ".join(KINDS)
        span = word.span if isinstance(word, Scalar) else document.header.key_span("policies", name)
        said = f"`{written}` is no kind of policy" if written else f"`{name}` does not say its `kind`"
        document.reading.report(Diagnostic(Code.CHOICE, said, span, mend))
        return None
    kind = KINDS[word.text]
    part = read_part(kind.part, tree, document.reading)
    return None if part is None else (kind, part)


def _check_policy(name: str, kind: Kind, part: PolicyPart, needs: tuple[Policy, ...], document: _Document) -> Policy:
    header, reading = document.header, document.reading
    functions = {function.name: function for block in document.blocks.values() for function in block.functions}
    names: dict[str, Type] = {"as_of": Date(), "reporting_currency": Text()}
    names.update({fact.name: fact.type for fact in document.facts})
    names.update({parameter.name: parameter.type for parameter in document.parameters})
    names.update({block.name: block.parameter_type for block in document.blocks.values()})
    names.update({needed.replace("-", "_"): Unknown() for needed in part.needs})
    names.update({needed.identifier: needed.outcome for needed in needs})
    scope = Scope(names, functions, document.broken | frozenset(reading.broken))
    desk = Desk(
        policy=name,
        scope=scope,
        report=reading.report,
        reasons=document.reasons,
        broken_reasons=frozenset(reading.broken),
        currency=header.reporting_currency,
        languages=header.languages,
        facts=document.facts,
        parameters={parameter.name: parameter for parameter in _parameters(document)},
        needed=frozenset(needed.replace("-", "_") for needed in part.needs),
        policies=frozenset(header.policies),
        bounds=dict(_bounds("", document.facts)),
        daily=document.daily,
    )
    refuse_protected_parts(part, reading.report)
    values = check_named_values(part, desk)
    checked = kind.check(part, desk)
    desk.used_reasons.update(kind.reasons)
    span = header.key_span("policies", name)
    title = desk.texts(part.title, span)
    parts = (values, checked.rules, checked.body)
    for formula, condition in unasked(mentioned(parts), functions):
        said = f"`{formula}` has no value where `{condition}` says false, and nothing here asks"
        desk.warn(Code.CALL, said, span, f"ask `{condition}` first; without it the result is undefined, not a pass")
    facts, reads = _facts_read(parts, checked, needs, document)
    policy = Policy(
        name=name,
        kind=kind.name,
        title=title,
        currency=header.reporting_currency,
        facts=facts,
        parameters=_parameters_used(parts, document),
        functions=_functions_used(parts, functions),
        reason_texts={code: document.reasons[code] for code in sorted(desk.used_reasons) if code in document.reasons},
        adverse_action=document.sentences if kind.adverse_action else {},
        needs=needs,
        values=values,
        rules=checked.rules,
        body=checked.body,
        outcome=checked.outcome,
        reads=reads,
        digest="",
        line=span.line,
    )
    return replace(policy, digest=policy_digest(policy))


def _doubt_parameters(document: _Document) -> None:
    """Warn of the document's own parameters that look like another unit; rates for a day are small by nature."""
    for parameter in document.parameters:
        doubt = None if parameter.name in document.daily else doubt_of_parameter(parameter)
        if doubt is not None:
            said, mend = doubt
            part = document.header.parameters[parameter.name]
            span = part.span("values" if part.value is None else "value")
            found = Diagnostic(Code.UNIT_MISMATCH, said, span, mend, severity=Severity.WARNING)
            document.reading.report(found)


def _bounds(path: str, facts: tuple[Fact, ...]) -> Iterator[tuple[str, Bounds]]:
    """The declared bounds of every number and amount among the facts, by dotted path."""
    for fact in facts:
        if fact.low is not None or fact.high is not None or fact.whole:
            yield f"{path}{fact.name}", Bounds(fact.low, fact.high, fact.whole)
        yield from _bounds(f"{path}{fact.name}.", fact.fields)


def _facts_read(
    parts: object, checked: Checked, needs: tuple[Policy, ...], document: _Document
) -> tuple[tuple[Fact, ...], frozenset[str]]:
    """All declared facts (a caller may send any of them), and the paths this policy and those it needs read."""
    names = {fact.name for fact in document.facts}
    own = fact_paths(parts, names) | checked.reads
    return document.facts, own.union(*(needed.reads for needed in needs))


def _functions_used(parts: object, functions: Mapping[str, Function]) -> tuple[Function, ...]:
    """The functions a policy calls, and those they call."""
    found: dict[str, Function] = {}
    waiting = [(path, "") for path in mentioned(parts)]
    while waiting:
        path, block = waiting.pop()
        function = functions.get(path) or functions.get(f"{block}.{path}")
        if function is not None and function.name not in found:
            found[function.name] = function
            waiting += [(inner, function.name.split(".")[0]) for inner in mentioned(function.body)]
    return tuple(found[name] for name in sorted(found))


def _parameters(document: _Document) -> tuple[Parameter, ...]:
    """All parameters there are to name: the document's own, then its blocks'."""
    return (*document.parameters, *(each for block in document.blocks.values() for each in block.parameters))


def _parameters_used(parts: object, document: _Document) -> tuple[Parameter, ...]:
    """The parameters a policy names, and all those of the blocks it calls (their formulas read them)."""
    paths = mentioned(parts)
    own = [parameter for parameter in document.parameters if parameter.name in paths]
    used = [parameter for block in document.blocks.values() if block.name in paths for parameter in block.parameters]
    return (*own, *used)


def _check_size(header: HeaderPart, reading: Reading) -> None:
    rules = 0
    for tree in header.policies.values():
        if isinstance(tree, Entries):
            written = tree.get("rules")
            rules += len(written) if isinstance(written, list) else 0
            tables = tree.get("tables")
            for table in tables.values() if isinstance(tables, Entries) else ():
                rows = table.get("rows") if isinstance(table, Entries) else None
                rules += len(rows) if isinstance(rows, list) else 0
    if rules > MAX_RULES:
        said = f"more than {MAX_RULES} rules and rows: {rules}"
        reading.report(Diagnostic(Code.TOO_MANY_RULES, said, header.key_span("policies"), "split the document"))
