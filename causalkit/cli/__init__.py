"""The command line: one file per command family, each imported when its command is called."""
