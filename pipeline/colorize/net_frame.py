"""The size at which the network sees a picture, and which part of a film's frame it sees."""

from dataclasses import dataclass
from typing import Any, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from models.networks.generator import AB_STRIDE
from pipeline.media import FilmInfo, PictureArea

_Picture = TypeVar("_Picture", bound=npt.NDArray[Any])

FloatImage = npt.NDArray[np.float32]
_LONGEST_TO_SHORTEST = 4  # a wider picture is squeezed to this aspect


@dataclass(frozen=True)
class NetSize:
    """The size at which the network sees a film: sides are multiples of 4, the aspect is the film's."""

    height: int
    width: int

    @property
    def output(self) -> tuple[int, int]:
        """Height and width of the predicted ab."""
        return self.height // AB_STRIDE, self.width // AB_STRIDE


@dataclass(frozen=True)
class NetFrame:
    """A frame at the network's scale, and the part of it that the network sees."""

    whole: NetSize
    rows: slice
    """Of the picture inside its black borders, in samples of the output."""
    columns: slice

    def picture(self, whole: FloatImage) -> FloatImage:
        """The part of a frame (h, w) at the network's scale that shows the picture."""
        rows, columns = (
            slice(part.start * AB_STRIDE, part.stop * AB_STRIDE) for part in (self.rows, self.columns)
        )
        return np.ascontiguousarray(whole[rows, columns])

    def framed(self, planes: FloatImage) -> FloatImage:
        """Planes (..., h, w) of a picture, colours or others, with its borders, which have none of them."""
        framed = np.zeros((*planes.shape[:-2], *self.whole.output), np.float32)
        framed[..., self.rows, self.columns] = planes
        return framed

    def cut(self, planes: FloatImage) -> FloatImage:
        """Planes (..., h, w) of a frame without its borders."""
        return planes[..., self.rows, self.columns]


def net_frame(film: FilmInfo, picture: PictureArea, *, short_side: int) -> NetFrame:
    """How a film's frames are shown to the network where their picture fills that area."""
    height, width = picture.bottom - picture.top, picture.right - picture.left
    size = net_size(
        width=film.width * width,
        height=film.height * height,
        sample_aspect=float(film.sample_aspect),
        short_side=short_side,
    )
    lines, columns = round(size.output[0] / height), round(size.output[1] / width)
    return NetFrame(
        whole=NetSize(lines * AB_STRIDE, columns * AB_STRIDE),
        rows=slice(round(picture.top * lines), round(picture.bottom * lines)),
        columns=slice(round(picture.left * columns), round(picture.right * columns)),
    )


def net_size(*, width: float, height: float, sample_aspect: float, short_side: int) -> NetSize:
    """The network's size for a picture of `width` x `height` samples of the given aspect."""
    shown_width = width * sample_aspect
    aspect = min(max(shown_width / height, 1 / _LONGEST_TO_SHORTEST), _LONGEST_TO_SHORTEST)
    longer = round(short_side * max(aspect, 1 / aspect) / AB_STRIDE) * AB_STRIDE
    return NetSize(short_side, longer) if aspect >= 1 else NetSize(longer, short_side)


def shrink(picture: _Picture, size: NetSize) -> _Picture:
    """A picture resized to the network's size by area (enlarged linearly where the film is smaller)."""
    how = cv2.INTER_AREA if picture.shape[0] >= size.height else cv2.INTER_LINEAR
    return cast(_Picture, cv2.resize(picture, (size.width, size.height), interpolation=how))


def pad_to_multiple(lightness: FloatImage, multiple: int) -> FloatImage:
    """(N, H, W) with H and W grown to multiples of `multiple` by reflection at the right and below."""
    grow = [(-side) % multiple for side in lightness.shape[1:]]
    return np.pad(lightness, ((0, 0), (0, grow[0]), (0, grow[1])), mode="reflect")
