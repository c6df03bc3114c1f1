"""Requests and answers about the folder and uploads."""

from typing import Annotated, Literal

from pydantic import Field

from jobs.web.contract.base import Answer, Request


class FolderEntry(Answer):
    """A folder in a folder."""

    name: str
    path: str


class FileEntry(Answer):
    """A film or still in a folder."""

    name: str
    path: str
    kind: Literal["film", "still"]
    bytes: int
    project: str | None


class Folder(Answer):
    """A folder under the root."""

    path: str
    parent: str | None
    folders: list[FolderEntry]
    files: list[FileEntry]
    truncated: bool


class NewUpload(Request):
    """A file that will be sent in pieces."""

    name: Annotated[str, Field(min_length=1, max_length=1000)]
    size: Annotated[int, Field(ge=1)]


class Upload(Answer):
    """How much of a file is here."""

    id: str
    name: str
    size: int
    offset: int
    complete: bool
    chunk_bytes: int


class Uploads(Answer):
    """What is not complete, or not a project yet."""

    uploads: list[Upload]
