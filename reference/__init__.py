"""The reference: pinned Python that writes `golden/` and measures LENS against the published implementations."""
