"""Who may ask: this machine's own browser on the loopback address; anybody with the token on any other.

The Host header must be a name of this server, so that no other site's name leads here (DNS rebinding). What changes
something must come from this server's own page (Origin). The token is exchanged for a cookie that scripts cannot read
and other sites cannot send.
"""

import hashlib
import hmac
import ipaddress
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request

from jobs.web.contract.errors import BadRequestError, BusyError, OriginError, SignInError

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_SAFE = ("GET", "HEAD", "OPTIONS")
_COOKIE_SECONDS = 30 * 86400
_LEAST_TOKEN = 16
_OPEN_PATHS = ("/api/v1/session", "/api/v1/openapi.json")
_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0)
_FORGOTTEN_SECONDS = 60.0
_TURN_SECONDS = 5.0

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "frame-src 'self'"
)


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where the server listens and who may ask it."""

    host: str = "127.0.0.1"
    port: int = 8764
    names: tuple[str, ...] = ()
    """Further names of the server that a Host header may have."""
    token: str | None = field(default=None, repr=False)
    """Needed for every address but the loopback ones."""

    def __post_init__(self) -> None:
        if self.token is None and not is_loopback(self.host):
            raise BadRequestError(
                f"--host {self.host}: other machines could come in; --token-file FILE, whose text they must give, works"
            )
        if self.token is not None and len(self.token) < _LEAST_TOKEN:
            raise BadRequestError(f"the token has {len(self.token)} characters; {_LEAST_TOKEN} or more work")

    @property
    def cookie(self) -> str:
        """What the cookie of those who know the token holds: the same after a restart, until the token changes."""
        return hmac.new((self.token or "").encode(), b"kinochrome session 1", hashlib.sha256).hexdigest()

    @property
    def cookie_name(self) -> str:
        """Servers on other ports of this machine get cookies of their own."""
        return f"kinochrome_{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that are this server's."""
        names = {self.host if ":" not in self.host else f"[{self.host}]", *self.names}
        if is_loopback(self.host):
            names |= set(_LOOPBACK_NAMES)
        return frozenset(f"{name.lower()}:{self.port}" for name in names) | frozenset(
            name.lower() for name in names if self.port == 80
        )


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Guard:
    """Looks at every request before it is served."""

    def __init__(self, access: Access, *, turn_seconds: float = _TURN_SECONDS) -> None:
        """Who gives a token waits `turn_seconds` at most for others whose token was wrong."""
        self.access, self._turn_seconds = access, turn_seconds
        self._guesses, self._last_guess = 0, 0.0
        self._turn = threading.Lock()

    def install(self, app: Flask) -> None:
        """Has the app ask this guard first, and put security headers on every answer."""
        app.before_request(self._check)
        app.after_request(_with_headers)

    def is_signed_in(self) -> bool:
        """Whether the request comes with the cookie, or needs none."""
        if self.access.token is None:
            return True
        return hmac.compare_digest(
            request.cookies.get(self.access.cookie_name, "").encode(), self.access.cookie.encode()
        )

    def sign_in(self, token: str, response: Response) -> None:
        """Puts the cookie on the response. Raises OriginError for a wrong token, after a pause that grows, BusyError
        where others guess."""
        if self.access.token is None:
            return
        if not self._turn.acquire(timeout=self._turn_seconds):
            raise BusyError("others give tokens just now; try again in a moment")
        try:  # guesses come one after the other
            if not hmac.compare_digest(token.encode(), self.access.token.encode()):
                self._pause()
                raise OriginError("this is not the token; it is in the file that the server was started with")
        finally:
            self._turn.release()
        response.set_cookie(
            self.access.cookie_name,
            self.access.cookie,
            max_age=_COOKIE_SECONDS,
            httponly=True,
            samesite="Strict",
            secure=request.is_secure,
            path="/",
        )

    def _check(self) -> None:
        check_host(request, self.access)
        check_origin(request, self.access)
        needs_token = request.path.startswith("/api/") and request.path not in _OPEN_PATHS
        if needs_token and not self.is_signed_in():
            raise SignInError("give the token first; it is in the file that the server was started with")

    def _pause(self) -> None:
        now = time.monotonic()
        if now - self._last_guess > _FORGOTTEN_SECONDS:
            self._guesses = 0
        self._last_guess = now
        self._guesses += 1
        time.sleep(_PAUSES[min(self._guesses, len(_PAUSES) - 1)])


def check_host(asked: Request, access: Access) -> None:
    """Raises OriginError where the Host header is not a name of this server."""
    if asked.headers.get("Host", "").lower() not in access.hosts:
        raise OriginError("this server has another name; --name NAME lets it answer to more of them")


def check_origin(asked: Request, access: Access) -> None:
    """Raises OriginError where another site's page asks for a change, or for what only our own page reads."""
    site = asked.headers.get("Sec-Fetch-Site")
    if site in ("cross-site", "same-site") and not (asked.method in _SAFE and _is_navigation(asked)):
        raise OriginError("another site's page may not use this server")
    origin = asked.headers.get("Origin")
    if asked.method in _SAFE or origin is None:
        return
    try:
        asking = urlsplit(origin)
    except ValueError:  # a bracket that is not closed
        asking = urlsplit("")
    if asking.netloc.lower() not in access.hosts or asking.scheme not in ("http", "https"):
        raise OriginError("another site's page may not change anything here")


def _is_navigation(asked: Request) -> bool:
    """Whether somebody follows a link to the page itself."""
    return asked.headers.get("Sec-Fetch-Mode") == "navigate" and not asked.path.startswith("/api/")


def _with_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
