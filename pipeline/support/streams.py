"""Rows of the table of source kinds: sound and other streams, and files as a whole."""

from pipeline.support.kind import Kind

STREAMS = (
    Kind(
        name="several-videos",
        title="Several video streams",
        kept="all, in their places",
        converted="the default one, else the first, is coloured; the others are copied, and it is listed",
        why="one film is one picture",
    ),
    Kind(
        name="cover",
        title="Cover art",
        kept="the picture, untouched",
        refused="MOV, MXF, unless `allow_loss`",
        why="they have no place for it",
    ),
    Kind(name="no-sound", title="No sound", kept="silence: none is made"),
    Kind(
        name="several-sounds",
        title="Several sounds",
        kept="each packet, language, title, flags, offset to the picture",
        converted="AAC out of MPEG-TS loses the headers that MPEG-TS adds; MP4, MOV: the first counts as default where "
        "none does; a sound whose rate or channels change in mid-film is copied, and it is listed; where recordings "
        "were joined whose sounds overlap, packets come later by the overlap, and it is listed",
    ),
    Kind(
        name="pcm",
        title="PCM",
        kept="every sample; MOV and MXF cut it into other packets",
        converted="MXF: 24 bits at 48 kHz, silent or cut where it is not as long as the picture",
        why="an MXF file ends with its shortest stream",
    ),
    Kind(
        name="old-sound",
        title="Old sound (DVD and Blu-ray LPCM, SMPTE 302M, 8 bits, ADPCM, WMA, …)",
        kept="each packet where the container holds the codec: Matroska what Windows has a number for",
        converted="else MKV, MOV: PCM with every sample, and the MD5 of the samples; MP4, which gets no PCM either: "
        "AAC; WebM: Opus",
        refused="in MP4 and WebM what has more than 8 channels, unless `allow_loss`",
        why="few players read these codecs, and QuickTime no PCM in MP4",
        cure="allow the loss",
    ),
    Kind(name="ac3", title="AC-3", kept="every packet", converted="MXF: PCM", why="it holds no other sound"),
    Kind(
        name="surround",
        title="Surround",
        kept="all channels, and their layout where the container holds it",
        converted="else it is listed",
    ),
    Kind(
        name="text-subtitles",
        title="Subtitles: text",
        kept="texts, times, languages, flags",
        converted="MP4, MOV `mov_text`, where the first counts as default and each ends where the next begins; WebM "
        "`webvtt`; what is not UTF-8 becomes it, and it is listed",
        refused="MXF, unless `allow_loss`",
        why="each container has its own",
    ),
    Kind(
        name="styled-subtitles",
        title="Subtitles: styled (ASS)",
        kept="texts and styles",
        refused="MP4, MOV, MXF, unless `allow_loss`: then the text without its styles, or nothing",
        why="only Matroska has a place for styles",
    ),
    Kind(
        name="picture-subtitles",
        title="Subtitles: pictures (DVD, PGS)",
        kept="every packet",
        refused="MOV, WebM, MXF, and in MP4 all but DVD's, unless `allow_loss`",
        why="reading them would be guessing",
    ),
    Kind(
        name="chapters",
        title="Chapters",
        kept="starts, ends, titles",
        converted="MP4, MOV: for some players the first one begins with the film, and it is listed",
        refused="MXF, unless `allow_loss`",
    ),
    Kind(
        name="attachments",
        title="Attachments",
        kept="every byte, name and type",
        refused="MP4, MOV, MXF, unless `allow_loss`",
        why="only Matroska attaches files",
    ),
    Kind(
        name="timecode",
        title="Timecode tracks, reel and material names",
        kept="the first timecode, the reel's and the material's name",
        converted="a track in MOV, MP4 and MXF; a tag in Matroska",
        why="each container has its own place for them",
    ),
    Kind(
        name="data",
        title="Data streams (KLV, telemetry)",
        converted="the navigation of a DVD, and hints for servers (RTP), are left out, and listed",
        refused="unless `allow_loss`: then they are left out, and listed",
        why="their meaning hangs on the source's packets",
        cure="allow the loss",
    ),
    Kind(
        name="tags",
        title="Tags and flags",
        kept="all; what MP4 and MOV have no name for is a line of the comment",
        converted="MP4, MOV, MXF: tags of single streams are left out, and listed; the comment says that the colours "
        "are predicted",
        why="nobody shall take them for recorded",
    ),
)

FILES = (
    Kind(
        name="sequence",
        title="Numbered stills (DPX, TIFF, PNG, EXR)",
        kept="every still's luma, depth and timecode, and how it lies (orientation of DPX, TIFF, PNG); in and out",
        converted="times are counted at `rate`; the sound is that of the file `sound`",
        refused="missing and double numbers, stills of another size, no `rate`; TIFF in tiles, of JPEG, BigTIFF; "
        "pictures that lie otherwise, as another kind of stills, unless `allow_loss`",
        why="stills have no times; after a gap every frame would come too early",
    ),
    Kind(
        name="mixed",
        title="Reels of grey, tinted and colour shots",
        kept="colour shots, sample for sample; with `tinted: keep` tinted ones too",
        converted="grey and tinted shots are coloured; the record says which is which",
        why="recorded colour is not for a network to change",
    ),
    Kind(
        name="damaged",
        title="Damaged, cut off",
        kept="with `damage: keep-going` all that decodes, at its time, in sync",
        refused="with `damage: stop`, which is the preset `archival`'s: every place is listed",
        why="a gap in an archive's master has to be seen",
        cure="damage: keep-going",
    ),
    Kind(
        name="no-film",
        title="Empty files, texts, playlists, tracks in other files, sound alone, covers alone, MP4 without index",
        refused="with the reason",
        why="there is no picture to colour",
    ),
    Kind(
        name="bomb",
        title="Files that ask for far too many pixels, frames, hours or frames a second",
        kept="all within `limits`, by default 100 megapixels, 10 million frames, 48 hours, 1000 frames a second",
        refused="what goes beyond, before it gets memory, naming the limit; a decoder that hangs is ended",
        why="a small file can ask for any amount of memory and time",
    ),
    Kind(
        name="changing",
        title="Size or depth that changes in mid-film, or grey that becomes colour",
        refused="naming the frame",
        why="a film has one size, and recorded colour is not to be lost",
        cure="cut it where it changes",
    ),
    Kind(
        name="matroska-header",
        title="Matroska's nested and repeated tags, chapters in any order, languages of BCP 47",
        kept="all, from Matroska to Matroska",
        converted="each is listed where another container cannot hold it",
        why="FFmpeg drops them",
    ),
    Kind(
        name="any-name",
        title="Names and tags with any characters",
        kept="as they are",
        converted="tags that are not UTF-8 become the text that they most likely are; their bytes are listed",
        why="old files do not say how their texts are coded",
    ),
)
