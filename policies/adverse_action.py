"""The sentences of what a customer is told of a credit decision: the standard ones, or a document's own."""

from __future__ import annotations

from collections.abc import Mapping

from policies.declarations import Declaring, texts
from policies.diagnostics import Code, Diagnostic, Severity
from policies.document import AdverseActionPart
from policies.ir import Texts
from policies.reason_codes import banned_in

_PLACES: Mapping[str, str] = {
    "missing": "{facts}",
    "amount_counter_offer": "{figure}",
    "prepayment_pct": "{figure}",
    "shorter_terms_days": "{figure}",
}
"""The sentences with a place for something, and how that place is written."""


def declare_sentences(part: AdverseActionPart, declaring: Declaring) -> dict[str, Texts]:
    """The sentences written, by name and language, each checked."""
    written = {name: getattr(part, name) for name in AdverseActionPart.model_fields}
    found = {name: texts(text, declaring.languages) for name, text in written.items() if text is not None}
    for name, by_language in found.items():
        for language, text in by_language.items():
            span = part.span(name, language)
            if banned := banned_in(text):
                said = f"`{name}` says `{banned}`, which names no factor"
                declaring.report(Diagnostic(Code.BANNED_TEXT, said, span, "leave why to the reasons that follow"))
            wanted = _PLACES.get(name, "")
            if wanted and text.count(wanted) != 1:
                said = f"`{name}` must have the place for its {wanted[1:-1]} once"
                declaring.report(Diagnostic(Code.SHAPE, said, span, f"write `{wanted}` where it belongs"))
            if any(brace in text.replace(wanted, "") for brace in "{}"):
                mend = f"the only place here is `{wanted}`" if wanted else "this sentence has no place to be filled"
                declaring.report(Diagnostic(Code.SHAPE, f"`{name}` has a brace that is no place", span, mend))
        absent = [language for language in declaring.languages if language not in by_language]
        if absent:
            said = "no text in " + ", ".join(absent)
            mend = "the standard sentence stands there"
            declaring.report(Diagnostic(Code.TEXT_MISSING, said, part.span(name), mend, severity=Severity.WARNING))
    return found


def by_language(
    standard: Mapping[str, Texts], own: Mapping[str, Texts], languages: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    """The sentences of each language by name: the document's own where it has one, else the standard one."""
    return {
        language: {name: own.get(name, {}).get(language) or text[language] for name, text in standard.items()}
        for language in languages
    }


def filled(sentence: str, **places: str) -> str:
    """A sentence with its place filled."""
    for name, text in places.items():
        sentence = sentence.replace(f"{{{name}}}", text)
    return sentence
