"""`python -m kinochrome` is `kinochrome`."""

import sys

from jobs.cli.main import main

if __name__ == "__main__":  # worker processes import it under another name
    sys.exit(main())
