import type { Media } from "../api/types";

/** How the stored picture is shown: turned clockwise, and then mirrored left to right. */
export type Lie = { turn: 0 | 90 | 180 | 270; mirrored: boolean };

export const lieOf = (media: Media | null): Lie => ({ turn: media?.rotation_degrees ?? 0, mirrored: media?.mirrored ?? false });
