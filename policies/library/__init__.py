"""Library blocks in YAML: sourced formulas with their test cases, and the standard reason codes."""
