"""Takes one request at a time from a connection, and none whose length can be read in two ways.

Waitress would answer requests that were sent together one after the other. Whoever does not read the first answer then
holds the thread that waits to write the next, for as long as he likes. Browsers wait for each answer.
"""

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError


class OneLength(HTTPRequestParser):  # type: ignore[misc]
    """A request that says its length once: a proxy that goes by the other one would take its end for a request."""

    def parse_header(self, header_plus: bytes) -> None:
        """As waitress does. Raises ParsingError too where two headers say how long the body is."""
        super().parse_header(header_plus)
        if "CONTENT_LENGTH" in self.headers and (self.chunked or "TRANSFER_ENCODING" in self.headers):
            raise ParsingError("Content-Length and Transfer-Encoding are both there; one of them works")


class OneAtATime(HTTPChannel):  # type: ignore[misc]
    """A connection that ends after an answer for which the next request did not wait; that one is not taken."""

    parser_class = OneLength

    def received(self, data: bytes) -> bool:
        """As waitress does."""
        is_taken = bool(super().received(data))
        with self.requests_lock:
            if len(self.requests) > 1:
                self.requests[0].headers["CONNECTION"] = "close"
                for request in self.requests[1:]:
                    request.close()
                del self.requests[1:]
        return is_taken
