"""Where a film comes from, for its report page: segments, files and streams, weights, tools, settings."""

from collections.abc import Iterable, Sequence

import yaml

from jobs.htmltext import Html, facts, join, lines, table, tag
from jobs.record import FileRecord, FilmRecord


def segments_section(record: FilmRecord) -> Html:
    """A table of what was made, segment by segment."""

    def rows() -> Iterable[Sequence[object]]:
        for segment in record.segments:
            for name, product in (("colour", segment.color), ("picture", segment.video)):
                if product is not None:
                    seconds = "from the cache" if product.is_from_cache else f"{product.seconds:.2f}"
                    made = (seconds, product.attempts, product.host, _digest(product.sha256))
                    frames = f"{segment.start:,} to {segment.end - 1:,}"
                    yield (segment.index, segment.shot, frames, name, *made)

    head = ("segment", "shot", "frames", "product", "seconds", "starts", "host", "SHA-256")
    return tag("section", tag("h2", "Segments"), table(head, rows()))


def provenance_section(record: FilmRecord) -> Html:
    """Files, streams, weights, run, tools and settings."""
    machine, weights = record.machine, record.weights
    own = {stream.sha256 for stream in record.source.content.streams}
    facts_of_weights = (
        facts(
            (
                ("Name", weights.name),
                ("Architecture", weights.architecture),
                ("Licence", weights.licence),
                ("SHA-256", _digest(weights.sha256)),
            )
        )
        if weights
        else tag("p", "None: the colours came from chroma proxies.")
    )
    run = (
        ("Event", "modification (PREMIS 3)"),
        ("Digital source type", record.digital_source_type.rpartition("/")[2] + " (IPTC)"),
        ("Started", record.started),
        ("Ended", record.ended),
        ("Runs", record.runs),
        ("Operator", machine.operator),
        ("Host", machine.host),
        ("Device", machine.device),
        ("System", f"{machine.platform}, Python {machine.python}"),
    )
    settings = yaml.safe_dump(record.settings, sort_keys=True, allow_unicode=True)
    return tag(
        "section",
        tag("h2", "Provenance"),
        tag("h3", "Output"),
        _file(record.output, own, picture=record.picture_stream),
        tag("h3", "Source"),
        _file(record.source, set(), picture=None),
        tag("h3", "Weights"),
        facts_of_weights,
        tag("h3", "Run"),
        facts(run),
        tag("h3", "Tools"),
        facts(sorted(machine.tools.items()), class_="dense"),
        tag("h3", "Settings"),
        tag("pre", lines(settings)),
        class_="provenance",
    )


def _file(file: FileRecord, own: set[str], *, picture: int | None) -> Html:
    known = [("File", file.path), ("Size", f"{file.content.size_bytes:,} bytes")]
    rows = []
    for stream in file.content.streams:
        told = (
            "the colour film"
            if stream.index == picture
            else "as in the source"
            if stream.sha256 in own
            else ""
        )
        rows.append(
            (stream.index, stream.kind, stream.codec, f"{stream.packets:,}", told, _digest(stream.sha256))
        )
    head = ("stream", "kind", "codec", "packets", "", "SHA-256 of its packets")
    return join((facts([*known, ("SHA-256", _digest(file.content.sha256))]), table(head, rows)))


def _digest(digest: str) -> Html:
    return tag("code", digest)
