"""Sends files, whole or a range of them, without holding a thread: waitress reads them while it sends."""

import os
import re
from io import SEEK_CUR, SEEK_END, SEEK_SET
from typing import BinaryIO

from flask import Response, request
from werkzeug.http import http_date, quote_etag
from werkzeug.wsgi import wrap_file

from jobs.web.contract.errors import WebError

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class RangeError(WebError):
    """A range that the file does not have."""

    status, code = 416, "range"


class _Part:
    """A part of an open file, which reads like a file: from `start` to before `end`."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file, self._start, self._end = file, start, end
        file.seek(start)

    def read(self, size: int = -1) -> bytes:
        left = max(self._end - self._file.tell(), 0)
        return self._file.read(left if size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = {SEEK_SET: self._start, SEEK_CUR: self._file.tell(), SEEK_END: self._end}[whence]
        return self._file.seek(base + offset) - self._start

    def tell(self) -> int:
        return self._file.tell() - self._start

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()


def send_file(
    file: BinaryIO, *, mimetype: str, name: str | None = None, is_immutable: bool = False
) -> Response:
    """The open file, or the range of it that was asked for; with `name` as something to take away. It is closed.

    Raises RangeError for a range that it does not have.
    """
    try:
        size, modified = file.seek(0, SEEK_END), os.fstat(file.fileno()).st_mtime
        etag = quote_etag(f"{size:x}-{int(modified * 1e6):x}")
        if request.headers.get("If-None-Match") == etag:
            file.close()
            response = Response(status=304)
        else:
            asked = _asked(request.headers.get("Range"), size, etag)
            is_part, (start, end) = asked is not None, asked or (0, size)
            body = wrap_file(request.environ, _Part(file, start, end))  # type: ignore[arg-type]
            response = Response(
                body, status=206 if is_part else 200, content_type=mimetype, direct_passthrough=True
            )
            response.content_length = end - start
            if is_part:
                response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    except BaseException:
        file.close()
        raise
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = http_date(modified)
    response.headers["Cache-Control"] = (
        "private, max-age=31536000, immutable" if is_immutable else "private, no-cache"
    )
    if name is not None:
        response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _asked(header: str | None, size: int, etag: str) -> tuple[int, int] | None:
    """`[start, end)` of what is to be sent; None: all, for the range is not understood or of another version."""
    condition = request.headers.get("If-Range")
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.group() == "bytes=-" or (condition is not None and condition != etag):
        return None
    first, last = match[1], match[2]
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if start >= size or start >= end:
        raise RangeError(f"the file has {size:,} bytes")
    return start, end
