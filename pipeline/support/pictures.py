"""Rows of the table of source kinds: pictures, fields, times."""

from pipeline.support.kind import Kind

PICTURES = (
    Kind(
        name="8-bit",
        title="8 bits",
        kept="every sample of the luma",
        why="the luma is the film",
    ),
    Kind(
        name="deep",
        title="9, 10, 12, 14, 16 bits",
        kept="every sample, at its depth",
        converted="`access` 8 bits, `mezzanine` and `studio` 10, to the nearest step",
        refused="floating point, Bayer, XYZ, more than 16 bits",
        why="these hold no luma whose samples could be kept",
        cure="convert the film to a YUV or grey format, losslessly to FFV1 if possible",
    ),
    Kind(
        name="range",
        title="Full and limited range",
        kept="the range, its tag, what lies beyond black and white",
        converted="ProRes and DNxHR: full becomes limited",
        why="both are limited by definition; untagged grey is full, all else untagged is limited",
    ),
    Kind(
        name="grey",
        title="Grey",
        kept="every sample",
        converted="gains 4:4:4 chroma",
        why="no chroma sample then stands for two luma samples",
    ),
    Kind(
        name="yuv",
        title="4:2:0, 4:2:2, 4:4:4, 4:4:0, 4:1:1, 4:1:0",
        kept="luma, subsampling, matrix, chroma siting",
        converted="chroma is made anew; `access` 4:2:0, `mezzanine` and `studio` 4:2:2",
        why="players and studios expect these",
    ),
    Kind(
        name="rgb",
        title="RGB, palettes",
        kept="depth; where red, green and blue are equal, exactly that grey",
        converted="luma by the BT.709 weights, full range, 4:4:4",
        why="RGB has no luma of its own",
    ),
    Kind(
        name="transparent",
        title="Transparency",
        kept="luma",
        converted="is left out, and listed",
        why="the encoders of the presets code opaque pictures",
    ),
    Kind(
        name="odd-size",
        title="Odd sizes",
        kept="the size, with FFV1",
        converted="H.264, ProRes: the last column or line is repeated, and it is listed",
        refused="DNxHR below 256x120",
        why="these codecs code whole pairs of samples, DNxHR no smaller picture",
    ),
    Kind(name="anamorphic", title="Anamorphic", kept="samples and their aspect"),
    Kind(
        name="rotated",
        title="Rotated, mirrored",
        kept="the turn, by any angle, and the mirror that players apply; the picture lies as it lay",
        converted="what a display matrix stretches beside that is not kept",
        refused="MXF, unless `allow_loss`",
        why="turning it would code it anew; MXF has no place for it",
    ),
    Kind(
        name="hidden-edges",
        title="Hidden edges (PixelCrop, `clap`; crops of H.264 and HEVC)",
        kept="what the container hides stays in the picture, and hidden",
        converted="what the codec hides is no part of the picture; `preview` shows what the container hides",
        refused="MXF, unless `allow_loss`",
        why="an archive's hidden edges are the archive's to show; MXF has no place for them",
    ),
    Kind(
        name="changing-tags",
        title="Aspect, range, colour tags, pixel format that change in mid-film",
        kept="every sample of the luma",
        converted="what most pictures say holds for the whole film; every change is listed with its frame",
        why="a finished film says these once",
    ),
    Kind(
        name="grain",
        title="Film grain as a recipe (AV1; H.264, HEVC)",
        converted="the grain becomes part of the pictures, as players show them, and is listed",
        why="the recipe belongs to the codec",
    ),
    Kind(
        name="side-data",
        title="Captions, 3D, HDR, dates of DV and other notes in the coded picture",
        converted="are left out, and listed",
        why="the encoders take no such notes",
    ),
    Kind(
        name="hdr",
        title="HDR-tagged grey (PQ, HLG)",
        kept="luma, primaries, transfer, matrix",
        converted="colour is made in the transfer's light; light above 203 cd/m2 is coloured like white; "
        "the notes on the mastering display are left out, and listed",
        why="the network was trained on no brighter light; the encoders take no such notes",
    ),
    Kind(name="one-frame", title="One frame", kept="frame and time"),
    Kind(name="tiny", title="Tiny frames, from 2x2", kept="size and samples"),
    Kind(
        name="4k",
        title="4K frames",
        kept="size and samples; memory holds a few frames, never the film",
    ),
)

FIELDS = (
    Kind(
        name="interlaced",
        title="Interlaced, top or bottom field first",
        kept="both fields, chroma by field; every frame's flags in FFV1, elsewhere the order of most",
        converted="with `interlaced: deinterlace`; a header that says otherwise than the pictures is not believed, and "
        "it is listed",
        refused="with `interlaced: refuse`; by DNxHR",
        why="the fields are different moments; DNxHR codes none",
    ),
    Kind(
        name="field-coded",
        title="Field-coded (a picture for each field)",
        kept="the frame of both fields, as interlaced",
        converted="coded as frames",
        why="FFV1 and ProRes code frames",
    ),
    Kind(
        name="telecined",
        title="Telecined (3:2 pull-down)",
        kept="every frame and field as it is",
        why="taking the pull-down out would change frames and times",
    ),
)

TIMES = (
    Kind(
        name="variable-rate",
        title="Variable rate",
        kept="the time of every frame; Matroska counts in milliseconds",
        refused="MXF",
        why="an MXF file has one rate",
        cure="MKV, MOV or MP4 keep any times",
    ),
    Kind(
        name="gaps",
        title="Gaps and jumps of the times",
        kept="every time",
        refused="MXF",
        why="an MXF file has one rate",
        cure="MKV, MOV or MP4 keep any times",
    ),
    Kind(
        name="start",
        title="Start above 0",
        kept="the start, and with it sync",
        converted="MXF begins at 0, in sync",
        why="an MXF file has no start but its timecode",
    ),
    Kind(
        name="clock",
        title="MPEG clock of 33 bits that starts anew",
        kept="the distances of all times",
        converted="all times are so much later that none is below 0, and it is listed",
        why="the film begins below 0, which not every container holds",
    ),
    Kind(
        name="edit-list",
        title="Edit lists",
        kept="what a player shows, at the time at which it shows it",
        converted="frames before a cut-in are left out; pauses and other speeds are not applied, and it is listed",
        why="the edit list is applied, not copied",
    ),
    Kind(
        name="silent-speed",
        title="Silent speeds, 12 to 20 frames/s",
        kept="the time of every frame",
        converted="`delivery_rate: 24` (or 25, 30): frames are repeated, never blended; sound stays in step",
        refused="with `delivery_rate` a master, and a rate that would leave frames out",
        why="players and broadcasters know few rates",
    ),
    Kind(
        name="b-frames",
        title="B-frames",
        kept="every frame at its time, in the order of showing; in AVI, raw MPEG and packed MPEG-4 (DivX), which tell "
        "none, when a decoder lets it go",
    ),
    Kind(
        name="open-gop",
        title="Open GOP",
        kept="every frame that decodes from the beginning of the film",
        why="parts are reached by seeking and proved by hash",
    ),
    Kind(
        name="no-times",
        title="Frames without times, or times that go back",
        converted="raw H.264, HEVC and VVC with a `rate`: their frames are counted",
        refused="the film, naming the frame",
        why="any order would be a guess",
        cure="`ffmpeg -i FILM -map 0:v -map 0:a? -map 0:s? -c copy -c:v ffv1 -vf setpts=N/FRAME_RATE/TB NEW.mkv` "
        "counts its frames at its rate, without loss",
    ),
)
