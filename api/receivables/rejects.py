"""Rows set aside: as JSON lines with the row's number, its cells and the reasons, so that nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TextIO

from api.receivables.cells import Unfit
from api.receivables.report import FactsReport
from api.receivables.table import Row, cell_text


class Rejects:
    """Writes and counts the rejected rows of one file."""

    def __init__(self, file: str, header: Sequence[str], out: TextIO | None, report: FactsReport) -> None:
        self.file = file
        self.header = header
        self.out = out
        self.report = report

    def add(self, row: Row, reasons: Sequence[Unfit]) -> None:
        """Set one row aside."""
        self.report.rejected[reasons[0].code] += 1
        if self.out is None:
            return
        texts = [cell_text(cell) for cell in row.cells]
        distinct = len(texts) == len(self.header) == len(set(self.header))
        body = {
            "file": self.file,
            "row": row.number,
            "cells": dict(zip(self.header, texts, strict=True)) if distinct else texts,
            "reasons": [{"code": unfit.code, "message": unfit.message} for unfit in reasons],
        }
        self.out.write(json.dumps(body, ensure_ascii=False) + "\n")
