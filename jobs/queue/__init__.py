"""The render queue without a server: job files in a folder that any number of workers share.

`folder.py` holds the one idea: a job is a file, its state is the folder that it lies in, and every change is one
rename, which exactly one of several hosts can win. `worker.py` takes jobs and runs each in a process of its own.
"""
