"""Requests and answers about projects, and about the jobs that render them."""

from typing import Annotated, Literal

from pydantic import Field

from jobs.web.contract.base import Answer, Client, Request


class NewProject(Request):
    """A film or still under the root."""

    path: Annotated[str, Field(min_length=1, max_length=4000)]


class Media(Answer):
    """What a film or still is. Pictures are shown upright with square pixels: display_width x display_height."""

    width: int
    height: int
    display_width: int
    display_height: int
    rotation_degrees: Literal[0, 90, 180, 270]
    mirrored: bool = False
    """Left to right, after it was turned."""
    sample_aspect: str
    rate: float | None
    rate_text: str | None
    time_base: str | None
    sound: bool
    interlaced: bool
    frames: int | None
    seconds: float | None
    shots: int | None


class Progress(Answer):
    """How far a job is."""

    what: str
    stage: str
    done: int
    total: int | None
    percent: float
    seconds_left: float | None
    line: str


class JobRef(Answer):
    """A job of the queue."""

    id: str
    state: str


class Preview(Answer):
    """The moving pair: the film in grey to the left, in colour to the right."""

    revision: int
    url: str
    stale: bool
    width: int
    height: int


class Result(Answer):
    """What was rendered last."""

    revision: int
    stale: bool
    preset: str


class Output(Answer):
    """A file to take away."""

    name: str
    url: str
    bytes: int
    what: Literal["film", "still", "report", "record", "other"]


class Project(Answer):
    """A film or still and how it stands."""

    id: str
    title: str
    path: str
    kind: Literal["film", "still"]
    created: str
    state: Literal["new", "queued", "planning", "running", "ready", "done", "failed"]
    can_review: bool
    filter: str
    preset: str
    media: Media
    progress: Progress | None
    lines: list[str]
    job: JobRef | None
    revision: int
    preview: Preview | None
    film: Result | None
    outputs: list[Output]
    poster: str | None


class Projects(Answer):
    """All of them, the newest first."""

    projects: list[Project]


class SetFilter(Request):
    """What the whole film is to be."""

    filter: str
    client: Client = "page"


class Render(Request):
    """What is to be rendered."""

    preset: str | None = None
    only_approved: bool = False
    allow_loss: bool = False
    keep_going: bool = False


class Asked(Answer):
    """A job that was put into the queue."""

    job: JobRef


class QueueJob(Answer):
    """A job of the queue."""

    id: str
    state: str
    project: str | None
    title: str
    what: str
    attempts: int
    attempts_allowed: int | None
    submitted: float | None
    age_seconds: float
    line: str
    progress: Progress | None
    lines: list[str]


class Queue(Answer):
    """The queue: what runs, what waits, what ended."""

    worker: Literal["running", "stopped", "off"]
    jobs: list[QueueJob]
