"""Films of kinds that people sent to public bug trackers, made on the fly: each like one that came out wrong once."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream
from PIL import Image

from tests.kindfilms import FRAMES, H264, MPEG, Maker, ffmpeg
from tests.media import make_film
from tests.pictures import picture


def turned(*options: str) -> Maker:
    """An H.264 film that FFmpeg marks with `-display_rotation`, `-display_hflip` and `-display_vflip`."""

    def make(path: Path) -> None:
        bare = path.with_name("bare.mp4")
        make_film(bare, frames=FRAMES, **H264)
        ffmpeg(*options, "-i", bare, "-c", "copy", path)
        bare.unlink()

    return make


def changing(*parts: dict[str, Any]) -> Maker:
    """An MPEG-TS that holds the packets of several films one after the other, of which each has options of its own."""

    def make(path: Path) -> None:
        pieces = [path.with_name(f"piece{number}.ts") for number in range(len(parts))]
        start = 0
        for piece, options in zip(pieces, parts, strict=True):
            make_film(piece, **({"frames": FRAMES, "start": start} | MPEG | options))
            start += options.get("frames", FRAMES) + 5
        with av.open(str(pieces[0])) as first, av.open(str(path), "w") as out:
            stream = out.add_stream_from_template(first.streams.video[0])
            for piece in pieces:
                with av.open(str(piece)) as film:
                    for packet in (p for p in film.demux(video=0) if p.size):
                        packet.stream = stream
                        out.mux(packet)
        for piece in pieces:
            piece.unlink()

    return make


def changing_jpeg(*subsamplings: str) -> Maker:
    """A film of JPEG pictures, six of each subsampling (`420`, `422`, `444`, `gray`)."""

    def make(path: Path) -> None:
        with av.open(str(path), "w") as out:
            stream = out.add_stream("mjpeg", rate=25)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
            for number, subsampling in enumerate(name for name in subsamplings for _ in range(6)):
                packet = av.Packet(_jpeg(number, subsampling))
                packet.stream, packet.time_base = stream, Fraction(1, 25)
                packet.pts = packet.dts = number
                packet.is_keyframe = True
                out.mux(packet)

    return make


def _jpeg(number: int, subsampling: str) -> bytes:
    image = Image.fromarray(picture(number, full_range=True))
    data = BytesIO()
    if subsampling == "gray":
        image.save(data, "JPEG", quality=95)
    else:
        order = ("444", "422", "420").index(subsampling)
        image.convert("RGB").save(data, "JPEG", quality=95, subsampling=order)
    return data.getvalue()


def unpacked(pixel_format: str) -> Maker:
    """An uncompressed film as old computers have it, such as QuickTime's greys, which are a palette."""

    def make(path: Path) -> None:
        bare = path.with_name("bare.mkv")
        make_film(bare, frames=FRAMES)
        ffmpeg("-i", bare, "-c:v", "rawvideo", "-pix_fmt", pixel_format, path)
        bare.unlink()

    return make


def in_avi(codec: str) -> Maker:
    """A film with B-frames in AVI, which has no times of showing: H.264, or a packed MPEG-4 as DivX wrote it."""

    def make(path: Path) -> None:
        bare = path.with_name("bare.avi" if codec == "packed" else "bare.mp4")
        coded = {"codec": "mpeg4", "pixel_format": "yuv420p", "b_frames": 1} if codec == "packed" else H264
        make_film(bare, **({"frames": 24, "gop": 12} | coded))
        if codec == "packed":
            _pack(bare, path)
        else:
            ffmpeg("-i", bare, "-c", "copy", path)
        bare.unlink()

    return make


def _pack(source: Path, target: Path) -> None:
    """Puts each B-frame into the packet of the picture that it leans on, and a byte that shows nothing in its place."""
    vop = b"\0\0\1\xb6"
    with av.open(str(source)) as film, av.open(str(target), "w") as out:
        stream = out.add_stream_from_template(film.streams.video[0])
        packets = [bytes(packet) for packet in film.demux(video=0) if packet.size]
        head, group, rest = packets[0].partition(b"\0\0\1\xb3")
        head += b"\0\0\1\xb2DivX503b1393p"
        stream.codec_context.extradata, packets[0] = head, head + group + rest
        for number in range(1, len(packets)):
            if packets[number][packets[number].index(vop) + 4] >> 6 == 2:  # a B-frame
                packets[number - 1], packets[number] = packets[number - 1] + packets[number], b"\x7f"
        for number, data in enumerate(packets):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 25)
            packet.pts = packet.dts = number
            packet.is_keyframe = number % 12 == 0
            out.mux(packet)


def in_vfw_matroska(path: Path) -> None:
    """A packed MPEG-4 that Matroska holds as AVI does, as mkvmerge makes it of an AVI."""
    packed = path.with_name("packed.avi")
    in_avi("packed")(packed)
    packed.write_bytes(packed.read_bytes().replace(b"FMP4", b"HFYU"))  # which FFmpeg writes so
    ffmpeg("-i", packed, "-c", "copy", path)
    path.write_bytes(path.read_bytes().replace(b"HFYU", b"XVID"))
    packed.unlink()


def repacked(path: Path) -> None:
    """A packed MPEG-4 that was copied out of its AVI, with guessed times."""
    packed = path.with_name("packed.avi")
    in_avi("packed")(packed)
    ffmpeg("-fflags", "+genpts", "-i", packed, "-c", "copy", path)
    packed.unlink()


def from_tape(*rates: int, seconds: float = 0.12) -> Maker:
    """Raw DV in PAL, recorded at one rate of sound after the other."""

    def make(path: Path) -> None:
        picture = ("-f", "lavfi", "-i", f"testsrc2=s=720x576:r=25:d={seconds},hue=s=0")
        data = b""
        for rate in rates:
            sound = ("-f", "lavfi", "-i", f"sine=330:r={rate}:d={seconds}", "-ac", "2", "-c:a", "pcm_s16le")
            ffmpeg(*picture, *sound, "-c:v", "dvvideo", "-pix_fmt", "yuv420p", "-f", "dv", path)
            data += path.read_bytes()
        path.write_bytes(data)

    return make


def captured(path: Path) -> None:
    """MJPEG as capture cards of analogue tapes wrote it: each picture is two JPEGs, of a field each."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 96, "yuvj422p"
        for number in range(FRAMES):
            packet = av.Packet(_jpeg(2 * number, "422") + _jpeg(2 * number + 1, "422"))
            packet.stream, packet.time_base = stream, Fraction(1, 25)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            out.mux(packet)


def called_interlaced(path: Path) -> None:
    """Progressive H.264 whose container says that the top field comes first."""
    bare = path.with_name("bare.mkv")
    make_film(bare, frames=FRAMES, **H264)
    ffmpeg("-i", bare, "-c", "copy", "-field_order", "tt", path)
    bare.unlink()


def see_through(path: Path) -> None:
    """VP9 that is transparent beside its pictures, of which FFmpeg's own decoder gives nothing."""
    ramp = "testsrc2=s=64x48:r=25:d=0.2,hue=s=0,format=yuva420p,geq=lum=lum(X\\,Y):cb=128:cr=128:a=4*X"
    ffmpeg(
        "-f", "lavfi", "-i", ramp, "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-deadline", "realtime", path
    )


def after_its_preview(path: Path) -> None:
    """A film whose first track, the default one, is a preview of one picture."""
    bare = path.with_name("bare.mp4")
    make_film(bare, frames=FRAMES, size=(96, 64), **H264)
    preview = ("-f", "lavfi", "-i", "testsrc=s=64x48:d=0.04", "-i", bare, "-map", "0", "-map", "1")
    ffmpeg(*preview, "-c:v:0", "mjpeg", "-pix_fmt:v:0", "yuvj420p", "-c:v:1", "copy", path)
    bare.unlink()


def that_goes_on_elsewhere(path: Path) -> None:
    """MPEG-TS whose picture has another number (PID) from the middle on: FFmpeg takes it for another stream."""
    data = b""
    for number, pid in enumerate(("0x100", "0x300")):
        make_film(path, frames=FRAMES, start=number * FRAMES, **MPEG)
        part = path.with_name("part.ts")
        ffmpeg("-copyts", "-i", path, "-c", "copy", "-mpegts_start_pid", pid, part)
        data += part.read_bytes()
        part.unlink()
    path.write_bytes(data)


def from_a_dvd(path: Path) -> None:
    """A VOB as DVDs have it, with packets that lead a player over the disc."""
    bare = path.with_name("bare.mpg")
    make_film(bare, frames=FRAMES, **MPEG)
    sound = ("-f", "lavfi", "-i", "sine=330:r=48000:d=0.4", "-c:a", "ac3")
    ffmpeg("-i", bare, *sound, "-c:v", "copy", "-f", "dvd", path)
    bare.unlink()


def with_grain(path: Path) -> None:
    """AV1 that asks for film grain."""
    make_film(
        path,
        frames=FRAMES,
        codec="libsvtav1",
        pixel_format="yuv420p",
        options={"svtav1-params": "film-grain=20", "preset": "12"},
    )


def with_grain_message(path: Path) -> None:
    """H.264 that asks for film grain in a message (SEI) before its first picture."""
    bits = "0" + "00" + "0" + "00" + "0010" + "100"  # not cancelled, frequency filtering, additive, luma only
    bits += f"{0:08b}" + "000" + f"{0:08b}{255:08b}" + "0001010"  # one interval of intensities, one value, 5
    bits += "1"  # repeated until the next key frame
    bits += "1" + "0" * (-(len(bits) + 1) % 8)
    payload = int(bits, 2).to_bytes(len(bits) // 8)
    message = bytes([6, 19, len(payload)]) + payload + b"\x80"
    bare = path.with_name("bare.h264")
    make_film(bare, frames=FRAMES, b_frames=0, **H264)
    data = bare.read_bytes()
    first = data.index(b"\0\0\1\x65")
    bare.write_bytes(data[:first] + b"\0\0\1" + message + data[first:])
    ffmpeg("-r", "25", "-i", bare, "-c", "copy", path)
    bare.unlink()


def with_captions(path: Path) -> None:
    """MPEG-2 with a closed caption in the user data of every picture (ATSC A/53)."""
    bare = path.with_name("bare.mkv")
    make_film(bare, frames=FRAMES, **MPEG)
    captions = bytes.fromhex("000001b2 47413934 0341ff fc9420 ff")
    with av.open(str(bare)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in (p for p in source.demux(video=0) if p.size):
            before, slice_start, after = bytes(packet).partition(b"\0\0\1\1")
            copy = av.Packet(before + captions + slice_start + after)
            copy.stream, copy.time_base = stream, packet.time_base
            copy.pts, copy.dts, copy.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
            out.mux(copy)
    bare.unlink()


def wrapping(seconds: float, *, sound: tuple[str, ...] = ("-c:a", "mp2"), **film_options: Any) -> Maker:
    """MPEG-2 with sound whose clock of 33 bits, 95443.7 s, starts anew so many seconds after the film begins."""

    def make(path: Path) -> None:
        bare = path.with_name("bare.mkv")
        make_film(bare, **({"frames": FRAMES} | MPEG | film_options))
        tone = ("-f", "lavfi", "-i", "sine=330:r=48000", "-t", "0.4", *sound)
        offset = ("-output_ts_offset", str(2**33 / 90000 - seconds), "-muxdelay", "0", "-muxpreload", "0")
        ffmpeg("-i", bare, *tone, "-c:v", "copy", *offset, path)
        bare.unlink()

    return make
