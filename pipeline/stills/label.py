"""The label that says, within a still, that its colours are predicted; nothing that was there changes."""

import re
from xml.sax.saxutils import escape

DIGITAL_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's word for a picture that a trained network has altered."""

_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    "</rdf:RDF>\n</x:xmpmeta>\n"
    '<?xpacket end="w"?>'
)


def label_xmp(xmp: bytes | None, statement: str) -> bytes | None:
    """The packet with our statement added to whatever it says; None where it cannot be read as UTF-8 RDF.

    A description of our own is put behind the last one: no byte that was there changes. The IPTC digital
    source type is added only where the packet has none.
    """
    try:
        packet = _PACKET if xmp is None else xmp.decode()
    except UnicodeDecodeError:
        return None
    ends = list(re.finditer(r"</(?:[\w.-]+:)?RDF\s*>", packet))
    if not ends:
        return None
    end = ends[-1].start()
    about = re.search(r"\brdf:about\s*=\s*(\"[^\"]*\"|'[^']*')", packet)
    source_type = ""
    if "DigitalSourceType" not in packet:
        source_type = (
            ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
            f' Iptc4xmpExt:DigitalSourceType="{DIGITAL_SOURCE}"'
        )
    description = (
        '<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        f" rdf:about={about[1] if about else chr(34) * 2}"
        f' xmlns:kinochrome="urn:kinochrome:xmp:1.0/"{source_type}>'
        f"<kinochrome:Colors>{escape(statement)}</kinochrome:Colors></rdf:Description>\n"
    )
    return (packet[:end] + description + packet[end:]).encode()
