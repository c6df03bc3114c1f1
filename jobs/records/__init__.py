"""The records of a finished film: report, page and bag, and their verification."""
