"""What colours are called, and looks, which give the colours of a whole shot another theme."""
