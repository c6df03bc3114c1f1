"""A film read: headers, colour tags, decoded frames and their planes."""
