"""Who may ask: API keys, bearer tokens and the keys of their issuer, rates, and the gate that puts them together."""
