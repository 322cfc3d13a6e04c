"""What is wrong with a FEEL text, and where."""

from __future__ import annotations

from policies.feel.syntax import Place


class FeelSyntaxError(Exception):
    """A FEEL text that cannot be read.

    `code` is `feel-syntax`, `feel-too-long`, `feel-too-deep`, `feel-not-allowed` or `feel-temporal`; `place` is the
    pair of character offsets (start, end) into the text; `help` is the mend, or None.
    """

    def __init__(self, code: str, message: str, place: Place, help: str | None = None) -> None:  # noqa: A002 (the word every diagnostic uses)
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place
        self.help = help
