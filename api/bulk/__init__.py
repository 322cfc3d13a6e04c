"""Bulk runs: one policy over a file of decision requests, streamed in and out, every row accounted for."""
