"""The client's connection to a Dask scheduler; whatever breaks it is one DeviceError."""

import asyncio
import concurrent.futures
import contextlib
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from jobs.extras import require
from pipeline.errors import DeviceError, SettingsError

if TYPE_CHECKING:
    from distributed import Future

_CONNECT_SECONDS = 30
_CLOSE_SECONDS = 3
_RESULT_SECONDS = 30
_BROKEN = (OSError, TimeoutError, RuntimeError, asyncio.CancelledError, concurrent.futures.CancelledError)
"""Errors of Dask's client when it cannot reach scheduler or worker."""
GPU = "GPU"
"""The resource that workers with a GPU offer."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A worker of the cluster, as the scheduler knows it."""

    address: str
    host: str
    has_nanny: bool
    gpus: float
    """What it offers of the resource `GPU`."""
    memory_bytes: int
    """At which its nanny would kill it; 0 where there is no limit."""


class Link:
    """A connection, open from the beginning of the `with` block to its end; no task outlives it."""

    def __init__(self, address: str) -> None:
        require("distributed", extra="cluster", by="--scheduler")
        from distributed import Client

        self.address = address
        _be_quiet()
        _check_certificates(address)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of versions: we compare them ourselves
                self._client = Client(
                    address, timeout=_CONNECT_SECONDS, name="kinochrome", set_as_default=False
                )
        except (*_BROKEN, ValueError) as error:
            message = f"cannot reach a scheduler at {address} within {_CONNECT_SECONDS} s"
            raise DeviceError(f"{message}; `dask scheduler` starts one") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(*_BROKEN):
            self._client.close(timeout=_CLOSE_SECONDS)

    @property
    def is_open(self) -> bool:
        """Whether the scheduler is there, as far as we know."""
        return bool(self._client.status == "running")

    def members(self) -> dict[str, Member]:
        """The workers that are there now, by address.

        The scheduler itself is asked, for what the client keeps (`scheduler_info`) is at times without workers: all
        would seem dead, as soon as the scheduler is.
        """
        with self._reaching():
            found = self._client.sync(self._client.scheduler.identity)["workers"]
        return {
            address: Member(
                address=address,
                host=str(worker.get("host", "")),
                has_nanny=bool(worker.get("nanny")),
                gpus=float(worker.get("resources", {}).get(GPU, 0)),
                memory_bytes=int(worker.get("memory_limit") or 0),
            )
            for address, worker in found.items()
        }

    def subscribe(self, topic: str, on_message: Callable[[Any], None]) -> None:
        """Calls `on_message`, in another thread, with every message of a topic from now on."""
        with self._reaching():
            self._client.subscribe_topic(topic, lambda event: on_message(event[1]))

    def give(
        self, function: Callable[..., Any], *arguments: object, to: Member, gpu: bool = False
    ) -> "Future":
        """Has one worker, and no other, call a function; with `gpu` while it has its GPU to itself."""
        with self._reaching():
            return self._client.submit(
                function,
                *arguments,
                workers=[to.address],
                allow_other_workers=False,
                resources={GPU: 1} if gpu else None,
                pure=False,
            )

    def result(self, future: "Future") -> Any:
        """What a function that has ended returned, or its error as a value; None where both died with the worker."""
        if future.status == "error":
            return future.exception()
        with self._reaching(), contextlib.suppress(TimeoutError):
            return future.result(timeout=f"{_RESULT_SECONDS}s")
        return None

    def tell(
        self, function: Callable[..., Any], *arguments: object, workers: Sequence[str], seconds: float
    ) -> dict[str, Any]:
        """What workers answer at once, whatever they are at; nothing where one does not within `seconds`."""
        with contextlib.suppress(*_BROKEN, ValueError):
            return dict(
                self._client.sync(
                    self._client.run,
                    function,
                    *arguments,
                    workers=list(workers),
                    on_error="ignore",
                    callback_timeout=seconds,
                )
            )
        return {}

    def cancel(self, futures: "Sequence[Future]") -> None:
        """Nobody waits for these any more."""
        with contextlib.suppress(*_BROKEN):
            self._client.cancel(list(futures), force=True)

    def wait(self, futures: "Sequence[Future]", *, seconds: float) -> None:
        """Returns when one of them is done, or after `seconds`."""
        from distributed import wait

        if not futures:
            time.sleep(seconds)
            return
        with self._reaching(), self._client.as_current(), contextlib.suppress(TimeoutError):
            wait(list(futures), timeout=seconds, return_when="FIRST_COMPLETED")
        with self._reaching():
            if any(future.status in ("cancelled", "lost") for future in futures):
                raise ConnectionError("its tasks are gone")

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        lost = f"lost the scheduler at {self.address}"
        try:
            if not self.is_open:
                raise DeviceError(lost)
            yield
        except DeviceError:
            raise
        except _BROKEN as error:
            raise DeviceError(lost) from error


def _check_certificates(address: str) -> None:
    """Raises SettingsError where an address asks for TLS and Dask's configuration has no certificates that work."""
    if not address.startswith("tls://"):
        return
    from distributed.security import Security

    reason, security = "none are set", Security()
    try:
        if security.get_connection_args("client").get("ssl_context") is not None:
            return
    except (OSError, ValueError, TypeError) as error:  # no such file, or none that holds a certificate
        named = ", ".join(
            str(file) for file in (security.tls_ca_file, security.tls_client_cert, security.tls_client_key)
        )
        reason = f"those that are set ({named}) do not work: {error}"
    raise SettingsError(
        f"--scheduler {address}: tls:// needs the client's certificates, and {reason}; set "
        "distributed.comm.tls.ca-file, distributed.comm.tls.client.cert and .key in Dask's configuration"
    )


def _be_quiet() -> None:
    """Silences Dask's logs: our errors report a broken connection in one line."""
    import distributed

    assert distributed
    names = ("distributed", "tornado", *logging.root.manager.loggerDict)
    for name in names:
        if name.partition(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
