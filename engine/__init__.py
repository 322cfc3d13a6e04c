"""What a policy does: facts in, a decision with its reasons and trace out. Pure."""

from engine.decide import decide

__all__ = ["decide"]
