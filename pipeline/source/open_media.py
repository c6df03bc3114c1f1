"""Opens a film, still or sound file with FFmpeg in such a way that no other file can be read through it.

FFmpeg reads playlists whatever their suffix, and opens the files and addresses that they name. So only the demuxers
listed here may read a file, and only the file that was named is opened.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import av.error
from av.codec.context import CodecContext, Flags
from av.container import InputContainer

from pipeline.errors import SourceError
from pipeline.source.ffmpeg_log import ERROR, WARNING, LogLine, listening

_FILMS = (
    "mov,matroska,webm,avi,mxf,nut,mpeg,mpegts,mpegvideo,m4v,h261,h263,h264,hevc,vvc,evc,apv,av1,obu,ivf,vc1,vc1test,"
    "dirac,dnxhd,cavsvideo,avs2,avs3,asf,asf_o,flv,kux,ogg,gxf,dv,rm,mjpeg,mjpeg_2000,mpjpeg,smjpeg,yuv4mpegpipe,"
    "swf,wtv,ty,nsv,nuv,pva,cine,r3d,lxf,ser,ifv,dhav,lmlm4,iv8,cdxl,filmstrip,flic,roq,smk,bink,vivo,film_cpk,rpl,"
    "4xm,idcin,thp,psxstr,pmp,ipu,gif,apng,webp_anim,jpegxl_anim"
)
_SOUND = (
    "wav,w64,aiff,au,caf,flac,mp3,aac,loas,latm,ac3,ac4,eac3,dts,dtshd,mlp,truehd,wv,tta,ape,tak,shn,mpc,mpc8,amr,"
    "amrnb,amrwb,voc,oma,dsf,iff,spdif,s337m,sox,ircam,nistsphere,pvf,xwma,qcp,mmf"
)
_STILLS = (
    "image2,bmp_pipe,dds_pipe,dpx_pipe,exr_pipe,gem_pipe,gif_pipe,hdr_pipe,ico,j2k_pipe,jpeg_pipe,jpegls_pipe,"
    "jpegxl_pipe,jpegxs_pipe,pam_pipe,pbm_pipe,pcx_pipe,pfm_pipe,pgm_pipe,pgmyuv_pipe,pgx_pipe,phm_pipe,"
    "photocd_pipe,pictor_pipe,png_pipe,ppm_pipe,psd_pipe,qdraw_pipe,qoi_pipe,sgi_pipe,sunrast_pipe,tiff_pipe,"
    "webp_pipe,xbm_pipe,xpm_pipe,xwd_pipe"
)
# left out on purpose: svg_pipe, vobsub, mlv and all that name other files; text, and samples without a header
READ_ONLY_THIS_FILE: Mapping[str, str] = {
    "format_whitelist": f"{_FILMS},{_SOUND},{_STILLS}",
    "protocol_whitelist": "file",
}
"""FFmpeg's options for every input file, in this process and on FFmpeg's command line."""

_PLAYLISTS = "concat,dash,hls,imf,mlv,rtp,rtsp,sap,sdp,svg_pipe,vobsub,webm_dash_manifest"
_TEXTS = (
    "adf,ansi,aqtitle,ass,bin,ffmetadata,idf,jacosub,lrc,mcc,microdvd,mpl2,mpsub,pjs,realtext,sami,scc,srt,stl,"
    "subviewer,subviewer1,tedcaptions,tty,vplayer,webvtt,xbin"
)
_NEEDED = "a film file is needed, e.g. MP4, MOV, MKV, AVI, MPEG"
_ELSEWHERE = "Skipped opening external track"
"""FFmpeg's warning about a track of a MOV file that lies in another file."""


def open_media(
    path: Path,
    *,
    data: bytes | None = None,
    format: str | None = None,
    options: Mapping[str, str] | None = None,
) -> InputContainer:
    """Opens `path` for reading, or the bytes `data` under that name; files that it refers to are not opened.

    `format` is FFmpeg's name of a demuxer, without which FFmpeg finds it; `options` are the demuxer's own. Raises
    SourceError where the file is a playlist, text or of another kind that is not read, else FFmpegError or OSError.
    """
    # without a pattern type image2 would read other files than the one whose name holds a % or *
    every = {"pattern_type": "none", **(options or {}), **READ_ONLY_THIS_FILE}
    name = f"file:{path.absolute()}"

    def attempt() -> InputContainer:
        source = name if data is None else BytesIO(data)
        return av.open(source, "r", format=format, options=every, metadata_errors="surrogateescape")

    try:
        return attempt()
    except av.error.ArgumentError:
        with listening(ERROR) as log:
            try:
                return attempt()
            except av.error.ArgumentError as error:
                refused = next((who for _, who, text in log if "not on whitelist" in text), None)
                if refused is None:
                    raise
                raise SourceError(f"{path}: {_what_is(refused)}") from error


def open_whole(path: Path) -> InputContainer:
    """Opens `path` as `open_media` does. Raises SourceError too where a track of a MOV file lies in another file."""
    with listening(WARNING) as log:
        container = open_media(path)
    elsewhere = _tracks_elsewhere(log)
    if elsewhere:
        container.close()
        raise SourceError(
            f"{path}: {elsewhere} of its tracks lie in other files, which are not opened; save it as a "
            "self-contained film"
        )
    return container


def set_up_decoder(
    context: CodecContext, *, most_pixels: int, options: Mapping[str, str] | None = None
) -> None:
    """Sets the options of a video decoder that is not open yet: most pixels of a frame, exact cropping, `options`.

    H.264, HEVC and other codecs crop columns and lines at the edges. Without the flag `unaligned` FFmpeg leaves
    columns at the left in the frame where cropping them would break its alignment of memory.
    """
    context.flags |= Flags.unaligned
    context.options = {"max_pixels": str(most_pixels), **(options or {})}


def _tracks_elsewhere(log: list[LogLine]) -> int:
    """Number of tracks that FFmpeg did not open because they lie in other files."""
    return sum(_ELSEWHERE in text for _, _, text in log)


def _what_is(demuxer: str) -> str:
    """The reason why a file that this demuxer would read is refused."""
    name = demuxer.partition(",")[0]
    if name in _PLAYLISTS.split(","):
        return f"is a playlist ({name}) that names other files or addresses; name the film itself"
    if name in _TEXTS.split(","):
        return f"is a text file whatever its name says; {_NEEDED}"
    return f"is of a kind ({name}) that is not read; {_NEEDED}"


def read_packets(container: InputContainer, *streams: Any) -> Iterator[Any]:
    """The packets of some streams, or of all, in the order of the file; those without data too.

    Raises FFmpegError, and SourceError at the end where a stream began that was not there when the file was opened, as
    FLV and MPEG-TS allow: its packets would be lost. PyAV's `demux` tells it by an IndexError.
    """
    try:
        yield from container.demux(list(streams)) if streams else container.demux()
    except IndexError as error:
        path = container.name.removeprefix("file:")
        raise SourceError(
            f"{path}: a stream begins in mid-film that nothing tells at its start, and would be lost; a copy made by "
            f"`ffmpeg -probesize 2G -analyzeduration 2G -i {Path(path).name} -map 0 -c copy copy.mkv` would work"
        ) from error
