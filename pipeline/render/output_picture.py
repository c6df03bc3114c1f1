"""The picture that a film is rendered to: its size, pixel format, colour tags and field order."""

from dataclasses import dataclass, replace
from typing import Literal

from pipeline.color.colorimetry import resolve_color
from pipeline.errors import SettingsError
from pipeline.fields import Fields, order_of
from pipeline.media import CHROMA_SHIFTS, ColorDescription, FilmInfo, PixelFormat


@dataclass(frozen=True, kw_only=True)
class OutputPicture:
    """Size, format and colour of rendered frames. Raises SettingsError for a chroma that cannot be rendered."""

    width: int
    """Luma columns of the whole picture: of both halves where they stand side by side."""
    height: int
    pixel_format: PixelFormat
    """Depth and chroma subsampling of the planes."""
    color: ColorDescription
    """The colour tags of the planes and of the stream; none is unspecified, see `resolve_color`."""
    side_by_side: bool = False
    """Left half: the source's grey picture. Right half: the result."""
    all_fields: Fields | None = None
    """The field order of all frames, where the codec has one flag for the whole film; None: each frame has its own."""

    def __post_init__(self) -> None:
        if self.pixel_format.chroma not in CHROMA_SHIFTS:
            works = ", ".join(CHROMA_SHIFTS)
            raise SettingsError(f"chroma {self.pixel_format.chroma!r} cannot be rendered; {works} can")

    @property
    def picture_width(self) -> int:
        """Luma columns of one picture: half of `width` where two stand side by side."""
        return self.width // 2 if self.side_by_side else self.width


def output_picture(
    film: FilmInfo,
    *,
    pixel_format: PixelFormat,
    range: Literal["source", "limited", "full"] = "source",
    max_lines: int | None = None,
    side_by_side: bool = False,
    all_fields: Fields | None = None,
    chroma_site: str | None = None,
) -> OutputPicture:
    """The picture that `film` is rendered to, at the film's own size unless it has more lines than `max_lines`.

    A picture that is made smaller keeps the aspect, has an even width and height, and is progressive. `range` and
    `chroma_site` (a name of ITU-T H.273) replace the film's own. Raises SettingsError for a chroma or a matrix that
    cannot be rendered to.
    """
    color = resolve_color(film)
    if range != "source":
        color = replace(color, range=range)
    if chroma_site is not None:
        color = replace(color, chroma_site=chroma_site)
    width, height = film.width, film.height
    if max_lines is not None and height > max_lines:
        height = max(max_lines // 2 * 2, 2)
        width = max(round(film.width * height / film.height / 2) * 2, 2)
        all_fields = "progressive"
    if side_by_side:
        width = 2 * (width + width % 2)
    return OutputPicture(
        width=width,
        height=height,
        pixel_format=pixel_format,
        color=color,
        side_by_side=side_by_side,
        all_fields=all_fields,
    )


def as_coded(film: FilmInfo, output: OutputPicture) -> FilmInfo:
    """The film with the field order of its rendered frames: `progressive` where they were made so."""
    is_progressive = order_of(film) == "progressive" or output.all_fields == "progressive"
    return replace(film, field_order="progressive") if is_progressive else film
