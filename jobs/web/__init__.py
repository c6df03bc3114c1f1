"""The review page's server: it puts the functions behind the verbs on HTTP, for the page in `static` and for programs.

It never colours or decodes anything itself: pictures come from a process of their own (`pictures.py`), films from the
workers of the queue. All that it knows lies in files, see `jobs.projects`.
"""
