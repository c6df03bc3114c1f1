"""Who and what finished a film: host, operator, versions of the tools that touched its pictures."""

import getpass
import os
import platform
import socket
from importlib.metadata import PackageNotFoundError, version

import av
import imageio_ffmpeg

from jobs.records.film_record import MachineRecord
from jobs.version import VERSION

_LIBRARIES = ("torch", "numpy", "opencv-python", "scenedetect", "ffmpeg-python", "imageio-ffmpeg", "xxhash")


def this_machine(*, operator: str | None, device: str) -> MachineRecord:
    """The record of this host; without an operator's name it is the account's."""
    return MachineRecord(
        host=socket.gethostname(),
        operator=operator or account_name(),
        device=device,
        platform=platform.platform(),
        python=platform.python_version(),
        tools=tool_versions(),
    )


def account_name() -> str:
    """The name of the account that runs this process; its number where it has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's account without an entry
        return f"uid {os.getuid()}"


def tool_versions() -> dict[str, str]:
    """Versions of Kinochrome, the libraries and both FFmpegs: PyAV's own, and the program that muxes."""
    tools = {"kinochrome": VERSION, "av": av.__version__, "FFmpeg of av": av.ffmpeg_version_info}
    for name, numbers in av.library_versions.items():
        tools[name] = ".".join(map(str, numbers))
    tools["FFmpeg of the mux"] = imageio_ffmpeg.get_ffmpeg_version()
    for name in _LIBRARIES:
        try:
            tools[name] = version(name)
        except PackageNotFoundError:
            continue
    return tools
