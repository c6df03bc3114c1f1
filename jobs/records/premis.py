"""The record of a film in the terms of PREMIS 3: objects, an event that made the one of the other, agents.

Names are those of the PREMIS data dictionary, values those of the Library of Congress' preservation vocabularies.
"""

from typing import Any

from jobs.records.film_record import FileRecord, FilmRecord
from pipeline.verify.luma_proof import LumaProof

_SOURCE, _OUTPUT = "source", "output"
_SOFTWARE, _OPERATOR, _WEIGHTS = "kinochrome", "operator", "weights"


def to_premis(record: FilmRecord) -> dict[str, Any]:
    """Objects, events and agents; identifiers are local to the record."""
    machine, weights = record.machine, record.weights
    agents = [
        _agent(_SOFTWARE, "software", "Kinochrome", agentVersion=machine.tools.get("kinochrome", "unknown")),
        _agent(_OPERATOR, "person", machine.operator),
    ]
    links = [_link_agent(_SOFTWARE, "executing program"), _link_agent(_OPERATOR, "implementer")]
    if weights is not None:
        note = f"{weights.architecture} generator, sha256 {weights.sha256}, licence {weights.licence}"
        agents.append(_agent(_WEIGHTS, "software", weights.name, agentNote=note))
        links.append(_link_agent(_WEIGHTS, "executing program"))
    detail = f"{record.notice} Digital source type: {record.digital_source_type}"
    modification = {
        "eventIdentifier": _identifier("event", "modification"),
        "eventType": "modification",
        "eventDateTime": f"{record.started}/{record.ended}",
        "eventDetailInformation": [{"eventDetail": detail}],
        "eventOutcomeInformation": [
            {
                "eventOutcome": "success",
                "eventOutcomeDetail": {"eventOutcomeDetailNote": luma_line(record.luma)},
            }
        ],
        "linkingAgentIdentifier": links,
        "linkingObjectIdentifier": [_link_object(_SOURCE, "source"), _link_object(_OUTPUT, "outcome")],
    }
    digest = {
        "eventIdentifier": _identifier("event", "digests"),
        "eventType": "message digest calculation",
        "eventDateTime": record.ended,
        "linkingAgentIdentifier": [_link_agent(_SOFTWARE, "executing program")],
        "linkingObjectIdentifier": [_link_object(_SOURCE, "source"), _link_object(_OUTPUT, "source")],
    }
    return {
        "objects": [_object(_SOURCE, record.source, None), _object(_OUTPUT, record.output, _SOURCE)],
        "events": [modification, digest],
        "agents": agents,
    }


def luma_line(luma: LumaProof) -> str:
    """What is known of the luma, in one sentence."""
    if not luma.comparable:
        return f"Luma cannot be compared: {luma.reason}."
    if luma.equal is None:
        return f"Luma was not compared: {luma.reason}."
    if luma.equal:
        return f"Luma equals the source's, sample for sample, in all {luma.frames:,} frames."
    if luma.psnr_min_db is None:
        return f"Luma is the source's, {luma.reason}, in all {luma.frames:,} frames."
    line = f"Luma PSNR {luma.psnr_mean_db:.2f} dB, worst frame {luma.psnr_min_frame:,}: {luma.psnr_min_db:.2f} dB"
    return f"{line} ({luma.reason})." if luma.reason else f"{line}."


def _object(name: str, file: FileRecord, derived_from: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "objectCategory": "file",
        "objectIdentifier": _identifier("object", name),
        "originalName": file.name,
        "objectCharacteristics": {
            "fixity": [{"messageDigestAlgorithm": "SHA-256", "messageDigest": file.content.sha256}],
            "size": file.content.size_bytes,
            "format": [{"formatDesignation": {"formatName": file.content.container}}],
        },
        "storage": [{"contentLocation": {"contentLocationType": "path", "contentLocationValue": file.path}}],
    }
    if derived_from is not None:
        made["relationship"] = [
            {
                "relationshipType": "derivation",
                "relationshipSubType": "has source",
                "relatedObjectIdentifier": [_identifier("object", derived_from)],
                "relatedEventIdentifier": [_identifier("event", "modification")],
            }
        ]
    return made


def _agent(name: str, kind: str, label: str, **more: str) -> dict[str, Any]:
    return {"agentIdentifier": _identifier("agent", name), "agentType": kind, "agentName": label, **more}


def _identifier(what: str, name: str) -> dict[str, str]:
    return {f"{what}IdentifierType": "local", f"{what}IdentifierValue": name}


def _link_agent(name: str, role: str) -> dict[str, str]:
    return {
        "linkingAgentIdentifierType": "local",
        "linkingAgentIdentifierValue": name,
        "linkingAgentRole": role,
    }


def _link_object(name: str, role: str) -> dict[str, str]:
    return {
        "linkingObjectIdentifierType": "local",
        "linkingObjectIdentifierValue": name,
        "linkingObjectRole": role,
    }
