"""The encoders that a film may be coded with, and their options that may be set: those on these lists alone.

Options of encoders name files to read and to write (`stats`, x264's `dump-yuv`, x265's `csv`), and a job file must
not reach any file but its own. So an option is refused unless it is here. To add one, give it a kind of value from
`option_values`, none of which can be a path, and a range in which the encoder works. Left out for good are options
of files, of two passes (which keep a file), of OpenCL (which caches one), of threads (`encode.threads`), of open
GOPs (segments are joined), and of what comes from the film: sizes, times, fields and colour tags.
"""

from collections.abc import Iterator, Mapping

from pipeline.render import encoder_parameters as parameters
from pipeline.render.option_values import (
    SWITCH,
    Choice,
    Decimal,
    Numbers,
    OptionValue,
    Parameters,
    Pattern,
    Rate,
    Several,
    Whole,
    name_fault,
)

Options = dict[str, OptionValue]

_RATES: Options = {
    "b": Rate(),
    "maxrate": Rate(),
    "minrate": Rate(),
    "bufsize": Rate(2_147_483_647),
    "bt": Rate(2_147_483_647),
    "rc_init_occupancy": Rate(2_147_483_647),
}
_PICTURES: Options = {
    "g": Whole(-1, 10_000),
    "keyint_min": Whole(-1, 10_000),
    "bf": Whole(-1, 16),
    "refs": Whole(-1, 16),
}
_QUANTIZERS: Options = {
    "qmin": Whole(-1, 69),
    "qmax": Whole(-1, 1024),
    "qdiff": Whole(-1, 69),
    "qcomp": Decimal(0, 1),
    "qblur": Decimal(-1, 100),
    "i_qfactor": Decimal(-10, 10),
    "b_qfactor": Decimal(-10, 10),
    "trellis": Whole(0, 2),
}
_QUALITY: Options = {"flags": Choice("+qscale", "qscale"), "global_quality": Whole(1, 118 * 1024)}
_STRICT: Options = {"strict": Whole(-2, 2, ("very", "strict", "normal", "unofficial", "experimental"))}
_COMPARE = Choice("sad", "sse", "satd", "dct", "psnr", "bit", "rd", "zero", "vsad", "vsse", "nsse", "chroma")
_MPEG: Options = {
    **_RATES,
    **_PICTURES,
    **_QUANTIZERS,
    **_QUALITY,
    **_STRICT,
    "b_strategy": Whole(0, 2),
    "b_sensitivity": Whole(1, 1000),
    "brd_scale": Whole(0, 3),
    "mbd": Whole(0, 2, ("simple", "bits", "rd")),
    "cmp": _COMPARE,
    "subcmp": _COMPARE,
    "mbcmp": _COMPARE,
    "subq": Whole(0, 8),
    "dia_size": Whole(-1, 6),
    "me_range": Whole(0, 1024),
    "motion_est": Whole(0, 2, ("zero", "epzs", "xone")),
    "alternate_scan": SWITCH,
    "noise_reduction": Whole(0, 100_000),
    "quantizer_noise_shaping": Whole(0, 3),
    "sc_threshold": Whole(-1_000_000_000, 1_000_000_000),
    "intra_penalty": Whole(0, 1_000_000),
}
_VENDOR = Choice("apl0", "Lavc", "fmpg")
_MOTION = Whole(-1, 4, ("dia", "hex", "umh", "esa", "tesa"))
_PREDICTION = Choice("left", "plane", "gradient", "median", "none", "0", "1", "2", "3")

LIBX264: Options = {
    **_RATES,
    **_PICTURES,
    **_QUANTIZERS,
    "preset": Choice(*parameters.PRESETS),
    "tune": Several(*parameters.X264_TUNES),
    "profile": Choice("baseline", "main", "high", "high10", "high422", "high444"),
    "level": Pattern(r"1b|[1-6](\.[0-3])?|[1-6][0-3]", "4.1"),
    "crf": Decimal(-1, 63),
    "crf_max": Decimal(-1, 63),
    "qp": Whole(-1, 81),
    "aq-mode": Whole(-1, 3, ("none", "variance", "autovariance", "autovariance-biased")),
    "aq-strength": Decimal(-1, 3),
    "psy": SWITCH,
    "psy-rd": Numbers(2, -10, 10),
    "rc-lookahead": Whole(-1, 250),
    "weightb": SWITCH,
    "weightp": Whole(-1, 2, ("none", "simple", "smart")),
    "bluray-compat": SWITCH,
    "b-bias": Whole(-100, 100),
    "b-pyramid": Whole(-1, 2, ("none", "strict", "normal")),
    "mixed-refs": SWITCH,
    "8x8dct": SWITCH,
    "fast-pskip": SWITCH,
    "aud": SWITCH,
    "mbtree": SWITCH,
    "deblock": Numbers(2, -6, 6),
    "cplxblur": Decimal(-1, 999),
    "partitions": Several("none", "all", "p8x8", "p4x4", "b8x8", "i8x8", "i4x4"),
    "direct-pred": Whole(-1, 3, ("none", "spatial", "temporal", "auto")),
    "slice-max-size": Whole(-1, 1_000_000),
    "slices": Whole(0, 68),
    "nal-hrd": Whole(-1, 2, ("none", "vbr", "cbr")),
    "avcintra-class": Choice("-1", "50", "100", "200", "300", "480"),
    "me_method": _MOTION,
    "motion-est": _MOTION,
    "me_range": Whole(-1, 1024),
    "cmp": Choice("sad", "chroma"),  # whether motion is looked for in chroma, too
    "subq": Whole(-1, 11),
    "forced-idr": SWITCH,
    "coder": Choice("default", "cavlc", "cabac", "vlc", "ac", "-1", "0", "1"),
    "b_strategy": Whole(-1, 2),
    "chromaoffset": Whole(-12, 12),
    "sc_threshold": Whole(-1, 100),
    "noise_reduction": Whole(-1, 100_000),
    "a53cc": SWITCH,
    "udu_sei": SWITCH,
    "x264-params": Parameters(parameters.X264),
    "x264opts": Parameters(parameters.X264, bare=True),
}

SEARCH_OPTIONS = frozenset(
    {
        *(
            "partitions",
            "refs",
            "mixed-refs",
            "motion-est",
            "me_method",
            "me_range",
            "cmp",
            "subq",
            "trellis",
        ),
        *("direct-pred", "rc-lookahead", "b_strategy", "weightp", "8x8dct", "fast-pskip"),
    }
)
"""Options of x264 that say how hard it searches, all of which its `preset` chooses."""

LIBX265: Options = {
    **_RATES,
    **_PICTURES,
    "preset": Choice(*parameters.PRESETS),
    "tune": Choice("psnr", "ssim", "grain", "fastdecode", "zerolatency", "animation"),
    "profile": Choice(*parameters.X265_PROFILES),
    "crf": Decimal(-1, 51),
    "qp": Whole(-1, 51),
    "qmin": Whole(-1, 69),
    "qmax": Whole(-1, 69),
    "qdiff": Whole(-1, 69),
    "qcomp": Decimal(0, 1),
    "qblur": Decimal(-1, 100),
    "i_qfactor": Decimal(-10, 10),
    "b_qfactor": Decimal(-10, 10),
    "forced-idr": SWITCH,
    "a53cc": SWITCH,
    "udu_sei": SWITCH,
    "x265-params": Parameters(parameters.X265),
}

FFV1: Options = {
    **_STRICT,
    "level": Whole(-1, 4),
    "g": Whole(0, 10_000),
    "slices": Whole(0, 1024),
    "slicecrc": Whole(-1, 2),
    "coder": Choice("rice", "range_def", "range_tab", "ac", "-2", "0", "1", "2"),
    "context": Whole(0, 1),
    "qtable": Whole(-1, 2, ("default", "8bit", "greater8bit")),
    "remap_mode": Whole(-1, 2, ("auto", "off", "dualrle", "flipdualrle")),
    "remap_optimizer": Whole(0, 5),
}

PRORES_KS: Options = {
    **_QUALITY,
    "b": Rate(),
    "profile": Whole(-1, 5, ("auto", "proxy", "lt", "standard", "hq", "4444", "4444xq")),
    "vendor": _VENDOR,
    "mbs_per_slice": Choice("1", "2", "4", "8"),
    "bits_per_mb": Whole(0, 8192),
    "quant_mat": Whole(-1, 6, ("auto", "proxy", "lt", "standard", "hq", "default")),
}

DNXHD: Options = {
    **_STRICT,
    "b": Rate(),
    "profile": Whole(0, 5, ("dnxhd", "dnxhr_444", "dnxhr_hqx", "dnxhr_hq", "dnxhr_sq", "dnxhr_lb")),
    "nitris_compat": SWITCH,
    "ibias": Whole(-256, 256),
    "qmin": Whole(-1, 69),
    "qmax": Whole(-1, 1024),
    "mbd": Whole(0, 2, ("simple", "bits", "rd")),
}

ENCODERS: Mapping[str, Options] = {
    "ffv1": FFV1,
    "libx264": LIBX264,
    "libx265": LIBX265,
    "prores_ks": PRORES_KS,
    "prores": {"vendor": _VENDOR, "profile": Whole(-1, 5)},
    "prores_aw": {"vendor": _VENDOR, "profile": Whole(-1, 5)},
    "dnxhd": DNXHD,
    "mpeg2video": {
        **_MPEG,
        "profile": Whole(-99, 8),
        "level": Whole(-99, 10),
        "slices": Whole(0, 1024),
        "gop_timecode": Pattern("[0-9]{2}:[0-9]{2}:[0-9]{2}[:;.][0-9]{2}", "01:00:00:00"),
        "drop_frame_timecode": SWITCH,
        "intra_dc_precision": Whole(-1, 3),
        "intra_vlc": SWITCH,
        "non_linear_quant": SWITCH,
        "a53cc": SWITCH,
        "seq_disp_ext": Whole(-1, 1, ("auto", "never", "always")),
        "video_format": Choice("component", "pal", "ntsc", "secam", "mac", "unspecified"),
    },
    "mpeg4": {**_MPEG, "mpeg_quant": Whole(0, 1), "data_partitioning": SWITCH},
    "mjpeg": {
        **_QUALITY,
        **_STRICT,
        "b": Rate(),
        "qmin": Whole(-1, 69),
        "qmax": Whole(-1, 1024),
        "slices": Whole(0, 1024),
        "huffman": Whole(0, 1, ("default", "optimal")),
        "force_duplicated_matrix": SWITCH,
    },
    "ffvhuff": {"pred": _PREDICTION, "context": Whole(0, 1)},
    "huffyuv": {"pred": _PREDICTION},
    "utvideo": {"pred": _PREDICTION, "slices": Whole(0, 256)},
    "magicyuv": {"pred": _PREDICTION, "slices": Whole(0, 256)},
    "jpeg2000": {
        "format": Choice("j2k", "jp2", "0", "1"),
        "pred": Choice("dwt97int", "dwt53", "0", "1"),
        "prog": Choice("lrcp", "rlcp", "rpcl", "pcrl", "cprl"),
        "global_quality": Whole(0, 1024 * 1024),
    },
    "libvpx-vp9": {
        "b": Rate(),
        "maxrate": Rate(),
        "minrate": Rate(),
        "bufsize": Rate(2_147_483_647),
        "g": Whole(-1, 10_000),
        "keyint_min": Whole(-1, 10_000),
        "qmin": Whole(-1, 63),
        "qmax": Whole(-1, 63),
        "crf": Whole(-1, 63),
        "lossless": Whole(-1, 1),
        "deadline": Choice("best", "good", "realtime"),
        "quality": Choice("best", "good", "realtime"),
        "cpu-used": Whole(-8, 8),
        "speed": Whole(-8, 8),
        "lag-in-frames": Whole(-1, 25),
        "auto-alt-ref": Whole(-1, 6),
        "arnr-maxframes": Whole(-1, 15),
        "arnr-strength": Whole(-1, 6),
        "aq-mode": Whole(-1, 4, ("none", "variance", "complexity", "cyclic", "equator360")),
        "tune": Choice("psnr", "ssim"),
        "tune-content": Choice("default", "screen", "film"),
        "tile-columns": Whole(-1, 6),
        "tile-rows": Whole(-1, 2),
        "frame-parallel": SWITCH,
        "row-mt": SWITCH,
        "enable-tpl": SWITCH,
        "level": Decimal(-1, 6.2),
    },
    "libsvtav1": {
        "b": Rate(),
        "maxrate": Rate(),
        "bufsize": Rate(2_147_483_647),
        "g": Whole(-1, 10_000),
        "qmin": Whole(-1, 63),
        "qmax": Whole(-1, 63),
        "preset": Whole(-2, 13),
        "crf": Whole(0, 63),
        "qp": Whole(0, 63),
        "svtav1-params": Parameters(parameters.SVTAV1),
    },
    "v210": {},
}
"""By FFmpeg's name of the encoder: the name of each option that may be set, and its type of value."""


def option_faults(encoder: str, options: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yields (name of the option, what was found and what would work) for each option that an encoder may not have.

    `encoder` is a key of `ENCODERS`.
    """
    known = ENCODERS[encoder]
    for name, text in options.items():
        kind = known.get(name)
        if kind is None and not known:
            yield name, f"{encoder} takes no options"
        elif kind is None:
            yield name, name_fault(name, known)
        elif (message := kind.fault(text)) is not None:
            yield name, message
