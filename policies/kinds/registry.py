"""The kinds of policy there are."""

from __future__ import annotations

from collections.abc import Mapping

from policies.kinds import classification, credit, dunning, general
from policies.kinds.kind import Kind

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (general.KIND, classification.KIND, credit.KIND, dunning.KIND)}
