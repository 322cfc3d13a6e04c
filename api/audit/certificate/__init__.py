"""The certificate of one decision: a page that an auditor prints and files."""
