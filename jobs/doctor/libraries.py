"""Python, the packages, PyTorch with its devices, and both FFmpegs."""

import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from jobs.doctor.finding import Finding
from jobs.extras import install_command
from jobs.version import VERSION

_NVIDIA_DEVICE = Path("/dev/nvidia0")
_FFMPEG_SECONDS = 20.0


def look_at_python() -> Finding:
    """Version and platform; this very module runs only where the version will do."""
    told = f"Kinochrome {VERSION}, Python {platform.python_version()}, {platform.system()} on {platform.machine()}"
    if sys.platform != "linux":
        return Finding(subject="Python", told=told, state="note", advice="Kinochrome is tested on Linux only")
    return Finding(subject="Python", told=told)


def look_at_packages() -> Finding:
    """Whether all that the installation asks for is there, and which extras are."""
    try:
        requirements = requires("kinochrome") or []
    except PackageNotFoundError:
        told = "this is a checkout that is not installed"
        return Finding(subject="packages", told=told, state="note", advice="`make install` installs it")
    missing: dict[str, list[str]] = {}
    for requirement in requirements:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        extra = re.search(r"""extra == ['"](\w+)['"]""", requirement)
        if not _is_installed(name):
            missing.setdefault(extra[1] if extra else "", []).append(name)
    if "" in missing:
        told, advice = f"missing: {', '.join(missing[''])}", "an installation made anew would help"
        return Finding(subject="packages", told=told, state="missing", advice=advice)
    lacking = [extra for extra in ("train", "cluster") if extra in missing]
    if lacking:
        told = f"all that films need; without the extra {' and '.join(lacking)}"
        advice = f"for training or a Dask cluster: {install_command(','.join(lacking))}"
        return Finding(subject="packages", told=told, state="note", advice=advice)
    return Finding(subject="packages", told="all, with what training and a Dask cluster need")


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def look_at_torch() -> Finding:
    """A convolution on the CPU."""
    import torch

    ones = torch.ones(1, 1, 4, 4)
    if torch.nn.functional.conv2d(ones, torch.ones(1, 1, 3, 3)).sum().item() != 36:
        advice = "another version of PyTorch would help: it computes wrongly on this processor"
        return Finding(
            subject="PyTorch", told=f"{torch.__version__} is wrong", state="missing", advice=advice
        )
    return Finding(subject="PyTorch", told=f"{torch.__version__}, {torch.get_num_threads()} threads")


def look_at_cuda() -> Finding:
    """A sum on every GPU that PyTorch sees."""
    import torch

    if not torch.cuda.is_available():
        return _without_cuda(torch.version.cuda)
    devices = []
    for number in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(number)
        assert torch.ones(8, device=f"cuda:{number}").sum().item() == 8
        devices.append(f"{facts.name}, {facts.total_memory / 1e9:.0f} GB")
    return Finding(subject="CUDA", told="; ".join(devices))


def _without_cuda(built_for: str | None) -> Finding:
    told, advice = "no CUDA device; colours are computed on the processor", ""
    if _NVIDIA_DEVICE.exists():
        told = "there is an NVIDIA GPU, but PyTorch cannot use it"
        advice = (
            "a PyTorch built for CUDA would help; this one is built for the processor alone"
            if built_for is None
            else f"a driver for CUDA {built_for} would help; `nvidia-smi` says which one there is"
        )
    return Finding(subject="CUDA", told=told, state="note", advice=advice)


def look_at_ffmpeg() -> Finding:
    """PyAV's libraries, and the program that joins segments and other streams."""
    import av
    import imageio_ffmpeg

    program = imageio_ffmpeg.get_ffmpeg_exe()
    done = subprocess.run(
        [program, "-hide_banner", "-version"],
        capture_output=True,
        text=True,
        check=False,
        timeout=_FFMPEG_SECONDS,
    )
    first = done.stdout.partition("\n")[0]
    if done.returncode or not first:
        told = f"{program} ends with {done.returncode}"
        advice = "the package imageio-ffmpeg installed again would help, or IMAGEIO_FFMPEG_EXE=PROGRAM"
        return Finding(subject="FFmpeg", told=told, state="missing", advice=advice)
    told = f"{av.ffmpeg_version_info} in PyAV {av.__version__}; {' '.join(first.split()[:3])} at {program}"
    return Finding(subject="FFmpeg", told=told)
