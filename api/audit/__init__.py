"""The audit log: records, their hash tree and checkpoints, and everything that is read off them."""
