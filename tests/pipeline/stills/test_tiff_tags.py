import struct

from pipeline.stills.tiff_tags import Ifd, TagValue, pack_exif, read_exif


def test_exif_round_trip() -> None:
    inner = Ifd({0x9003: TagValue(2, b"1921\0"), 0x9204: TagValue(10, struct.pack("<ii", -1, 3))})
    ifd = Ifd({0x0112: TagValue(3, b"\6\0"), 0x8769: inner})
    assert read_exif(pack_exif(ifd)) == ifd
    assert read_exif(b"II*\0\xff\xff\xff\xff") is None
