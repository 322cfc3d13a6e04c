"""What a policy says: text in, diagnostics or checked policies out. Pure."""

from policies.check import load

__all__ = ["load"]
