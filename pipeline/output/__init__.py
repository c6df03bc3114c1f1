"""Files out: containers, joined packets, muxed films, numbered stills."""
