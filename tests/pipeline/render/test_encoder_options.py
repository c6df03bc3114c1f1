"""The lists of encoder options: no value on them can be a path, and the encoders know every name."""

import logging
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

import av
import av.error
import pytest
from av.video.codeccontext import VideoCodecContext

from pipeline.errors import SettingsError
from pipeline.render.encoder_options import ENCODERS, LIBX264, LIBX265
from pipeline.render.option_values import OptionValue, Parameters
from pipeline.render.settings import EncodeSettings
from pipeline.source.ffmpeg_log import WARNING, listening

PATHS = (
    *(
        "/etc/passwd",
        "file",
        "a.log",
        "./a",
        "../a",
        "~/a",
        "a/b",
        "C:\\a",
        "file:///a",
        "pipe:1",
        "x264_2pass.log",
    ),
    *(
        "-",
        "..",
        ".",
        "/",
        "",
        " ",
        "a b",
        "'/a'",
        "\\/a",
        "1:/a",
        "1,/a",
        "18/a",
        "/18",
        "nan",
        "inf",
        "0x10",
        "1e9",
    ),
)
SAMPLES = (
    *("1", "0", "2", "16", "64", "0.5", "50", "film", "psnr", "main", "high", "lrcp", "left", "good", "jvt"),
    *(
        "none",
        "default",
        "flat",
        "apl0",
        "dnxhr_hq",
        "pal",
        "best",
        "01:00:00:00",
        "1000,400",
        "+qscale",
        "j2k",
    ),
    *("grain", "medium", "sad", "dwt53", "off", "4.1", "hex"),
    "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)",
)


def every_option() -> Iterator[tuple[str, str, OptionValue]]:
    for encoder, options in ENCODERS.items():
        for name, kind in options.items():
            yield encoder, name, kind


def every_parameter() -> Iterator[tuple[str, str, str, OptionValue]]:
    for encoder, option, kind in every_option():
        if isinstance(kind, Parameters):
            yield from ((encoder, option, name, inner) for name, inner in kind.known.items())


@pytest.mark.parametrize("path", PATHS)
def test_no_option_takes_a_path(path: str) -> None:
    for encoder, option, kind in every_option():
        assert kind.fault(path) is not None, f"{encoder} {option}"
    for encoder, option, name, kind in every_parameter():
        assert kind.fault(path) is not None, f"{encoder} {option} {name}"
        with pytest.raises(SettingsError, match=f"{re.escape(name)}|/a"):
            EncodeSettings(codec=encoder, options={option: f"{name}={path}"})


@pytest.mark.parametrize(
    ("codec", "option", "text"),
    [
        ("libx264", "stats", "/tmp/x"),
        ("libx264", "passlogfile", "x"),
        ("libx264", "flags", "+pass1"),
        ("libx264", "x264-params", "crf=18:dump-yuv=x"),
        ("libx264", "x264-params", "dump_yuv=x"),
        ("libx264", "x264-params", "crf=18\\:dump-yuv=x"),
        ("libx264", "x264-params", "crf='18:dump-yuv=x'"),
        ("libx264", "x264opts", "no-dump-yuv=x"),
        ("libx264", "x264opts", "opencl"),
        ("libx264", "x264-params", "pass=1"),
        ("libx264", "x264-params", "zones=0,9,dump-yuv=x"),
        ("libx265", "x265-stats", "x"),
        ("libx265", "x265-params", "csv=x:log-level=none"),
        ("libx265", "x265-params", "scaling-list=x"),
        ("libx265", "x265-params", "--csv=x"),
        ("libsvtav1", "svtav1-params", "stats=x"),
        ("v210", "flags", "+bitexact"),
    ],
)
def test_options_that_reach_files_are_refused(codec: str, option: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        EncodeSettings(codec=codec, options={option: text, "nonsense": "1"})
    assert set(caught.value.keys) == {("options", option), ("options", "nonsense")}


@pytest.mark.parametrize(
    ("codec", "options", "told"),
    [
        ("libx264", {"crv": "18"}, "options.crv: not on the list of what may be set; did you mean 'crf'?"),
        ("libx264", {"crf": "low"}, "options.crf: found 'low'; a number from -1 to 63 would work"),
        ("libx264", {"crf": "99"}, "options.crf: found '99'; a number from -1 to 63 would work"),
        ("libx264", {"preset": "slowest"}, "options.preset: found 'slowest'; ultrafast, superfast, "),
        ("libx264", {"x264-params": "crf"}, "options.x264-params: found 'crf'; name=value, with colons"),
        (
            "libx264",
            {"x264-params": "bframe=3"},
            "bframe: not on the list of what may be set; did you mean 'bf",
        ),
        ("libx264", {"tune": "film,grian"}, "options.tune: found 'film,grian'; any of film, animation"),
        ("ffv1", {"slicecrcs": "1"}, "did you mean 'slicecrc'?"),
        ("v210", {"crf": "1"}, "options.crf: v210 takes no options"),
        ("h264", {}, "codec: found 'h264'; ffv1, libx264, libx265"),
        ("ffv2", {}, "did you mean 'ffv1'?"),
    ],
)
def test_faults_say_what_was_found_and_what_would_work(
    codec: str, options: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        EncodeSettings(codec=codec, options=options)
    (line,) = caught.value.lines
    assert told in line


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_encoder_knows_every_option(encoder: str) -> None:
    for name, kind in ENCODERS[encoder].items():
        if not isinstance(kind, Parameters):
            assert name not in left_over(encoder, {name: sample(kind)}), name


@pytest.mark.parametrize(
    ("encoder", "option", "known"),
    [("libx264", "x264-params", LIBX264["x264-params"]), ("libx265", "x265-params", LIBX265["x265-params"])],
)
def test_the_encoder_knows_every_parameter(encoder: str, option: str, known: Parameters) -> None:
    quiet = ":log-level=warning" if encoder == "libx265" else ""
    with listening(WARNING) as log:
        for name, kind in known.known.items():
            if name != "log-level":
                left_over(encoder, {option: f"{name}={sample(kind)}{quiet}"})
    told = [text for _, _, text in log if "nknown option" in text or "Error parsing" in text]
    assert told == []
    with listening(WARNING) as log:
        left_over(encoder, {option: f"nonsense=1{quiet}"})
    assert any("nonsense" in text for _, _, text in log)


def sample(kind: OptionValue) -> str:
    """A value that the kind allows."""
    return next(text for text in SAMPLES if kind.fault(text) is None)


def left_over(encoder: str, options: Mapping[str, str]) -> Mapping[str, str]:
    """The options that an encoder does not know; what it says of their values is not looked at."""
    context = av.codec.CodecContext.create(encoder, "w")
    assert isinstance(context, VideoCodecContext)
    formats = [video_format.name for video_format in context.codec.video_formats or ()]
    context.pix_fmt = next(
        name for name in ("yuv420p", "yuv422p", "yuv422p10le", "yuv444p") if name in formats
    )
    context.width, context.height, context.time_base = 256, 128, Fraction(1, 25)
    context.options = dict(options)
    try:
        context.open()
    except (av.error.FFmpegError, ValueError):
        logging.getLogger(__name__).debug("%s refuses %s", encoder, options)
        return {}
    return dict(context.options)
