"""The kinds of policy: what each adds to a document, and how that is checked."""
