"""How the figures of an evaluation are taken: what must be known before they are compared with others'."""

CONVENTIONS = {
    "colours": "photos are coloured as stills are, from a grey PNG of their luma (BT.709); clips as films are, from "
    "their own luma",
    "size": "photos: at most 1024 lines; ab RMSE at the network's output size; all else on 8-bit "
    "sRGB pictures with 256 px on the short side, aspect kept",
    "crop": "none; for the kernel distance the middle square, 256x256",
    "pictures": "grey, result and truth are rendered from the same luma and from ab of the network's output size, "
    "as stills and films are; figures are against that truth, not against the file",
    "ab_rmse": "CIELAB units, over pixels and both channels; of a group: root of the mean over photos of the square",
    "psnr": "sRGB, dB, peak 255, over pixels and channels; of a group: mean over photos, without those that equal "
    "their truth",
    "ssim": "sRGB, Gaussian window 11x11, sigma 1.5, over pixels and channels; of a group: mean over photos",
    "colorfulness": "CF of Hasler & Süsstrunk 2003; of a group: mean over photos",
    "delta_cf": "mean over photos of |CF of the result - CF of the truth|",
    "delta_cf_of_means": "|mean CF of the results - mean CF of the truths|",
    "kernel_distance": "kernel distance on EfficientNet-Lite0 features (ImageNet weights, pooled, 1280), not FID or "
    "KID on Inception: KID's unbiased estimator with the kernel (x.y / D + 1)^3, a whole group at once, all pairs "
    "between both sets; paired: without the pairs that show one photo",
    "clips": "errors and CF: mean over frames, each predicted, before steadying (ab RMSE: root of the mean square); "
    "CDC of Liu et al. 2021 over distances 1, 2 and 4 within a shot; mean: every clip with the same weight",
}
"""By the name of the figure or of what it is taken on."""
