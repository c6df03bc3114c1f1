"""One pass over a finished film: luma proof, figures and pictures of its shots, contact sheet."""
