"""What is on record of a finished film: report, page, verification and bag."""
