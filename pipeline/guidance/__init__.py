"""Guided colour: every kind of guidance becomes a hint map of a frame, which travels along the optical flow through
the frame's shot.
"""
