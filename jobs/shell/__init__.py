"""Made from the parsers of the command line: completion for shells, the manual page, suggestions for mistyped verbs."""
