"""Files that FFmpeg would take for films although they hold none: they name others, or are text."""

from pathlib import Path

_INSIDE = {b"moov", b"trak", b"mdia", b"minf", b"dinf"}


def write_playlist(path: Path, kind: str, film: Path) -> Path:
    """A text that FFmpeg reads as `film`, or would: `concat`, `hls`, `sdp` or `dash`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_TEXTS[kind].format(film=film, name=film.name), encoding="utf-8")
    return path


_TEXTS = {
    "concat": "ffconcat version 1.0\nfile {name}\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{film}\n#EXT-X-ENDLIST\n",
    "sdp": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=film\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
    "dash": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" mediaPresentationDuration="PT1S"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{film}</BaseURL>'
    "<SegmentBase/></Representation></AdaptationSet></Period></MPD>\n",
}


def move_track_out(source: Path, target: Path, *, track: int, to: Path) -> None:
    """A copy of a MOV file in which a track says that its samples lie in the file `to`."""
    target.write_bytes(_boxes(source.read_bytes(), to, [track]))


def _boxes(data: bytes, to: Path, left: list[int]) -> bytes:
    """The boxes with a data reference to `to` in that `trak`; a number of `left` counts them down."""
    made, at = b"", 0
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + size]
        left[0] -= kind == b"trak"
        if kind == b"dref" and left[0] == -1:
            body = b"\0\0\0\0" + (1).to_bytes(4) + _alias(to)
        made += _box(kind, _boxes(body, to, left) if kind in _INSIDE else body)
        at += size
    return made


def _alias(to: Path) -> bytes:
    """A Macintosh alias record, as QuickTime writes it, with the absolute path."""
    path, name = str(to).encode(), to.name.encode()
    head = bytes(10) + b"\4disk".ljust(28, b"\0") + bytes(12) + bytes([len(name)]) + name.ljust(63, b"\0")
    record = head + bytes(16) + (1).to_bytes(2) + (1).to_bytes(2) + bytes(16)
    record += (2).to_bytes(2) + len(path).to_bytes(2) + path + bytes(len(path) % 2) + b"\xff\xff\0\0"
    return _box(b"alis", bytes(4) + record)


def _box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4) + kind + body
