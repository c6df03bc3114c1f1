"""The films and stills that the review page works on: each project is a folder of files that a person can read.

The truth of a review is `review.jsonl`, which only grows; `review.json` and the job files are made of it. What is
rendered is a job of the queue, so that a project looks the same to the page, the command line and whoever opens it.
"""
