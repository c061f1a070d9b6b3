"""The command line: one file a group of verbs; a verb imports only what it needs."""
