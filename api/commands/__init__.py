"""What each command of `writ` does; `api.cli` says what they are called and what they take."""
