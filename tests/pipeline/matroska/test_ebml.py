"""Elements of EBML, there and back."""

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.matroska.ebml import (
    VOID,
    EbmlError,
    Element,
    coded_size,
    master,
    parse,
    places,
    replaced,
    unsigned,
    void,
)

IDS = st.sampled_from([0xEC, 0xB6, 0x4487, 0x22B59D, 0x1254C367])


@given(st.lists(st.tuples(IDS, st.binary(max_size=300)), max_size=5))
def test_elements_come_back(found: list[tuple[int, bytes]]) -> None:
    elements = [Element(id, payload) for id, payload in found]
    data = b"".join(element.coded() for element in elements)
    assert list(parse(data)) == elements
    seen = list(places(io.BytesIO(data), 0, len(data)))
    assert [(place.id, data[place.payload : place.end]) for place in seen] == found


@given(st.integers(2, 20_000))
def test_padding_is_as_long_as_asked_for(length: int) -> None:
    (element,) = parse(void(length))
    assert (element.id, len(void(length))) == (VOID, length)


@given(st.integers(0, 1 << 50))
def test_sizes_and_numbers(value: int) -> None:
    assert len(coded_size(value)) <= 8
    assert master(0xAE, [unsigned(0xD7, value)]).number(0xD7, -1) == value


def test_a_changed_master_has_a_right_checksum() -> None:
    """CRC-32 of RFC 8794, section 11.3.1: little endian, over all that follows it."""
    tags = master(0x1254C367, [unsigned(0xD7, 5)], crc=True)
    again = replaced(tags, [0xD7], [unsigned(0xD7, 7)])
    assert again == master(0x1254C367, [unsigned(0xD7, 7)], crc=True)
    assert again.payload[:6] == bytes.fromhex("bf84") + zlib.crc32(b"\xd7\x81\x07").to_bytes(4, "little")


@pytest.mark.parametrize("data", [b"\x00", b"\xd7", b"\xd7\x85ab", b"\x45"])
def test_what_is_no_ebml_is_refused(data: bytes) -> None:
    with pytest.raises(EbmlError):
        list(parse(data))


def test_an_element_of_unknown_size_is_entered() -> None:
    data = Element(0xB6, b"").coded()[:1] + b"\xff" + unsigned(0xD7, 3).coded()
    assert [place.id for place in places(io.BytesIO(data), 0, len(data))] == [0xB6, 0xD7]
