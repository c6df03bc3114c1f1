"""Pictures for people and for training sets as the bytes of a file."""

import cv2
import numpy as np
import numpy.typing as npt

_QUALITY = {
    ".jpg": cv2.IMWRITE_JPEG_QUALITY,
    ".jpeg": cv2.IMWRITE_JPEG_QUALITY,
    ".webp": cv2.IMWRITE_WEBP_QUALITY,
}


def encode_picture(
    picture: npt.NDArray[np.uint8], suffix: str, *, quality: int | None = None, compression: int | None = None
) -> bytes:
    """sRGB (H, W, 3) or grey (H, W), 0 to 255 → the bytes of a PNG, JPEG or WebP; `suffix` as in `.png`.

    `quality`, of a JPEG or WebP, is 1 to 100, else OpenCV's own; `compression`, of a PNG, 0 to 9. Chroma of a JPEG has
    half the lines and columns.
    """
    settings = []
    if quality is not None:
        settings += [int(_QUALITY[suffix.lower()]), quality]
    if compression is not None:
        settings += [int(cv2.IMWRITE_PNG_COMPRESSION), compression]
    stored = picture if picture.ndim == 2 else picture[..., ::-1]
    _, data = cv2.imencode(suffix, np.ascontiguousarray(stored), settings)
    return data.tobytes()
