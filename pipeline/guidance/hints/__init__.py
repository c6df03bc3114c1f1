"""What each kind of guidance makes of one frame, a hint map, and how hint maps go from frame to frame."""
