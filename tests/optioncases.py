"""Encoder options with paths as values: all that FFmpeg says its encoders have, and what x264 and x265 parse."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import imageio_ffmpeg

ENCODERS = ("libx264", "libx265", "ffv1", "prores_ks", "dnxhd")

# what x264_param_parse and x265_param_parse of 165 and 216 compare names with, read out of the libraries
_X264 = """
asm threads lookahead-threads sliced-threads sync-lookahead deterministic n-deterministic cpu-independent level
level-idc bluray-compat avcintra-class avcintra-flavor sar overscan videoformat fullrange colorprim transfer
colormatrix chromaloc mastering-display cll alternative-transfer fps ref frameref dpb-size keyint min-keyint
keyint-min scenecut intra-refresh bframes b-adapt b-bias b-pyramid open-gop nf filter deblock slice-max-size
slice-max-mbs slice-min-mbs slices slices-max cabac cabac-idc interlaced tff bff constrained-intra cqm cqmfile cqm4
cqm8 cqm4i cqm4p cqm8i cqm8p cqm4iy cqm4ic cqm4py cqm4pc log dump-yuv analyse partitions 8x8dct weightb weight-b
weightp direct direct-pred chroma-qp-offset me merange me-range mvrange mv-range mvrange-thread mv-range-thread subme
subq psy-rd psy chroma-me mixed-refs trellis fast-pskip dct-decimate deadzone-inter deadzone-intra nr bitrate qp
qp_constant crf crf-max rc-lookahead qpmin qp-min qpmax qp-max qpstep qp-step ratetol vbv-maxrate vbv-bufsize vbv-init
ipratio ip-factor pbratio pb-factor aq-mode aq-strength pass stats qcomp mbtree qblur cplxblur cplx-blur zones
crop-rect psnr ssim aud sps-id global-header repeat-headers annexb force-cfr nal-hrd filler pic-struct fake-interlaced
frame-packing stitchable opencl opencl-clbin opencl-device qpfile
"""
_X265 = """
ref chunk-start chunk-end asm cpuid avx512 fps threads frame-threads level level-idc high-tier cu-stats total-frames
ctu min-cu-size tu-intra-depth tu-inter-depth max-tu-size lookahead-slices temporal-layers rc-lookahead bframes
bframe-bias b-adapt b-pyramid interlace field limit-refs cbqpoffs crqpoffs psy-rd psy-rdoq rd rdoq-level signhide
tskip lft deblock sao hash ipratio ip-factor pbratio pb-factor qcomp qpstep cplxblur qblur vbv-maxrate vbv-bufsize
vbv-init vbv-end vbv-end-fr-adj crf crf-max crf-min qp qpmin qpmax bitrate zones zonefile input-res input-csp
input-depth output-depth analysis-reuse-mode analysis-reuse-file analysis-save analysis-load analysis-reuse-level
analysis-save-reuse-level analysis-load-reuse-level sar overscan videoformat range colorprim transfer colormatrix
chromaloc display-window crop-rect pools numa-pools lambda-file log log-level log-file log-file-level csv
csv-log-level qg-size master-display max-cll min-luma max-luma uhd-bd log2-max-poc-lsb scenecut scenecut-bias
hist-scenecut hist-threshold lookahead-threads multi-pass-opt-analysis multi-pass-opt-distortion multi-pass-opt-rps
cra-nal hdr hdr-opt hdr10 hdr10-opt dhdr10-info dhdr10-opt ctu-info scale-factor refine-intra refine-inter refine-mv
force-flush copy-pic refine-analysis-type gop-lookahead max-ausize-factor atc-sei pic-struct nalu-file
dolby-vision-profile dolby-vision-rpu hrd-concat hrd refine-ctu-distortion qp-adaptation-range fades dup-threshold
frame-dup hme hme-search hme-range min-vbv-fullness max-vbv-fullness video-signal-type-preset film-grain
aom-film-grain subme merange me max-merge radl scaling-list aq-mode aq-strength nr-intra nr-inter limit-tu rdpenalty
dynamic-rd tmvp cip selective-sao stats pass recon recon-depth recon-y4m-exec qpfile annexb aud eob eos info open-gop
keyint min-keyint splice intra-refresh rect amp ssim-rd constrained-intra strong-intra-smoothing limit-modes
temporal-mvp weightp weightb analyze-src-pics sao-non-deblock early-skip rskip rskip-edge-threshold fast-intra
tskip-fast cu-lossless b-intra splitrd-skip rd-refine lossless slow-firstpass cutree strict-cbr rc-grain const-vbv
vui-timing-info vui-hrd-info opt-qp-pps opt-ref-list-length-pps opt-cu-delta-qp aq-motion idr-recovery-sei limit-sao
lowpass-dct dynamic-refine single-sei hevc-aq svt vbv-live-multi-pass mcstf sbrc frame-rc scenecut-aware-qp
masking-strength psnr ssim repeat-headers wpp pmode pme allow-non-conformance stats-write stats-read
"""


@dataclass(frozen=True)
class OptionCase:
    """Options for one job, all of which are to be refused."""

    codec: str
    options: dict[str, str]


def cases(values: tuple[str, ...]) -> Iterator[OptionCase]:
    """Every option of the encoders with each of the values, options of all encoders, and what does harm together."""
    for codec in ENCODERS:
        for name in private_options(codec):
            yield from (OptionCase(codec, {name: value}) for value in values)
        yield from (OptionCase(codec, {name: values[0]}) for name in context_options())
    for codec, options, names in (
        ("libx264", ("x264-params", "x264opts"), _X264),
        ("libx265", ("x265-params",), _X265),
    ):
        for option in options:
            for name in names.split():
                yield from (OptionCase(codec, {option: f"{name}={value}"}) for value in values)
                yield OptionCase(codec, {option: f"crf=18:pass=1:{name.replace('-', '_')}={values[0]}"})
                yield OptionCase(codec, {option: f"--{name}={values[0]}"})
                yield OptionCase(codec, {option: f"no-{name}={values[0]}"})
                yield OptionCase(codec, {option: f"crf=18\\:{name}={values[0]}"})
    for value in values:
        yield OptionCase("libx264", {"flags": "+pass1", "stats": value})
        yield OptionCase("libx264", {"flags": "+pass2", "passlogfile": value, "b": "1M"})
        yield OptionCase("libx264", {"x264-params": f"opencl=1:opencl-clbin={value}"})
        yield OptionCase("libx265", {"flags": "+pass1", "x265-stats": value, "b": "1M"})


def private_options(encoder: str) -> list[str]:
    """The names of an encoder's own options, as FFmpeg lists them."""
    return re.findall(r"^  -(\S+) ", _ffmpeg("-h", f"encoder={encoder}"), re.MULTILINE)


def context_options() -> list[str]:
    """The names of the options that every video encoder has."""
    section = re.search(
        r"^AVCodecContext AVOptions:\n(.*?)^\S", _ffmpeg("-h", "full"), re.MULTILINE | re.DOTALL
    )
    assert section is not None
    return re.findall(r"^  -(\S+) +<\w+> +E..V", section[1], re.MULTILINE)


def _ffmpeg(*arguments: str) -> str:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=True).stdout
