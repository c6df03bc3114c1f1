"""`python -m jobs.cli` is `kinochrome`; scripts that were written for a farm start it so."""

import sys

from jobs.cli.main import main

if __name__ == "__main__":  # worker processes import it under another name
    sys.exit(main())
