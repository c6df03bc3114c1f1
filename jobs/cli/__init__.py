"""The command line: arguments in, one call with plain values, an exit code out. Nothing else is done here."""
