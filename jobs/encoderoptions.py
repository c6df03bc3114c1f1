"""Options of an encoder, in layers of settings: they belong to the codec that they were written for."""

import dataclasses
from collections.abc import Sequence

from jobs.settings.layers import Layer, Values


def own_options(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, less the encoder options of those that lie below another codec."""
    kept: list[Layer] = []
    codec: object = None
    for layer in layers:
        encode = layer.values.get("encode")
        if isinstance(encode, dict) and encode.get("codec", codec) != codec:
            codec = encode["codec"]
            kept = [_without_options(below) for below in kept]
        kept.append(layer)
    return kept


def _without_options(layer: Layer) -> Layer:
    encode = layer.values.get("encode")
    if not isinstance(encode, dict):
        return layer
    own = {key: value for key, value in encode.items() if key != "options"}
    return dataclasses.replace(layer, values={**layer.values, "encode": own})


def options_as_text(values: Values) -> None:
    """Encoder options are text to FFmpeg; people write `crf: 18`."""
    encode = values.get("encode")
    options = encode.get("options") if isinstance(encode, dict) else None
    if isinstance(options, dict):
        for key, value in options.items():
            if isinstance(value, bool):
                options[key] = str(int(value))
            elif isinstance(value, int | float):
                options[key] = str(value)
