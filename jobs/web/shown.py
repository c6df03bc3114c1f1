"""Projects, shots and jobs as the page shows them: how things stand, with the addresses of pictures and files."""

from pathlib import Path
from urllib.parse import quote

from jobs.projects.job_text import preset_of
from jobs.projects.project import Project
from jobs.projects.shot_table import ShotRow
from jobs.projects.status import JobProgress, ProjectStatus
from jobs.review.concerns import attention, concerns, was_to_get_color
from jobs.review.shot_strips import strip_frames
from jobs.settings.output_paths import page_path, record_path
from jobs.web.contract import film
from jobs.web.contract import project as contract
from jobs.web.contract.operations import PREFIX

_PREVIEW_LINES = 540
"""Of the preset `preview`."""


def show_project(project: Project, status: ProjectStatus, *, filter: str) -> contract.Project:
    """The project as the page gets it."""
    return contract.Project(
        id=project.id,
        title=project.title,
        path=project.source,
        kind=project.kind,
        created=project.created,
        state=status.state,  # type: ignore[arg-type]
        can_review=status.can_review,
        filter=filter,
        preset=project.preset,
        media=_media(project, status),
        progress=show_progress(status.progress),
        lines=list(status.lines),
        job=None
        if status.job is None
        else contract.JobRef(id=status.job.entry.id, state=status.job_state or status.job.entry.state),
        revision=status.revision,
        preview=_preview(project, status),
        film=_result(status),
        outputs=_outputs(project),
        poster=_poster(project, status),
    )


def show_progress(progress: JobProgress | None) -> contract.Progress | None:
    """How far a job is."""
    return None if progress is None else contract.Progress(**vars(progress))


def show_shot(project: Project, row: ShotRow, *, revision: int) -> film.Shot:
    """A shot as the page gets it; `revision` is that of the preview, by which its pictures are cached."""
    shot, figures = row.shot, row.figures
    strip = f"{_address(project)}/shots/{shot.index}/strip.jpg"
    is_predicted = was_to_get_color(row.treatment, shot.kind)
    found = () if figures is None else concerns(figures, is_predicted=is_predicted)
    return film.Shot(
        index=shot.index,
        start=shot.start,
        end=shot.end,
        seconds=row.seconds,
        start_seconds=row.start_seconds,
        timecode=row.timecode,
        kind=shot.kind,
        treatment=row.treatment,
        attention=None if figures is None else round(attention(found), 3),
        flicker=None if figures is None else figures.flicker,
        colourfulness=None if figures is None else figures.colorfulness,
        approved=row.approved,
        redo=row.redo,
        comment=row.comment,
        marks=row.marks,
        guided=row.is_guided,
        stale=row.is_stale,
        middle=(shot.start + shot.end - 1) // 2,
        strip=film.Strip(
            grey=f"{strip}?side=grey",
            colour=None if figures is None else f"{strip}?side=colour&r={revision}",
            frames=list(strip_frames(shot)),
        ),
    )


def outputs_of(project: Project) -> dict[str, Path]:
    """The files that may be taken away, by name."""
    if project.out.is_symlink():
        return {}
    files = (path for path in sorted(project.out.iterdir()) if path.is_file() and not path.is_symlink())
    return {path.name: path for path in files if not _is_partial(path)}


def report_of(status: ProjectStatus) -> Path | None:
    """The page of the record of what was rendered last."""
    if status.result is None:
        return None
    path = page_path(Path(status.result.order.output))
    return path if path.is_file() else None


def _address(project: Project) -> str:
    return f"{PREFIX}/projects/{project.id}"


def _media(project: Project, status: ProjectStatus) -> contract.Media:
    plan = status.plan
    if project.kind == "still":
        return contract.Media(**project.media, frames=1, seconds=None, shots=1)
    if plan is None:
        return contract.Media(**project.media, frames=None, seconds=None, shots=None)
    pts = plan.timeline.pts
    count = len(pts)
    length = (int(pts[-1]) - int(pts[0])) * count / max(count - 1, 1)
    return contract.Media(
        **project.media, frames=count, seconds=round(length * float(plan.time_base), 3), shots=len(plan.shots)
    )


def _preview(project: Project, status: ProjectStatus) -> contract.Preview | None:
    if project.kind == "still" or status.preview_revision is None:
        return None
    width, height = project.media["width"], project.media["height"]
    if height > _PREVIEW_LINES:
        width, height = max(round(width * _PREVIEW_LINES / height / 2) * 2, 2), _PREVIEW_LINES
    revision = status.preview_revision
    return contract.Preview(
        revision=revision,
        url=f"{_address(project)}/video.mp4?r={_stamp(project.preview)}",
        stale=status.is_preview_stale,
        width=2 * (width + width % 2),
        height=height,
    )


def _stamp(path: Path) -> str:
    """Changes whenever the file does, so that a browser takes no old one."""
    try:
        return f"{path.stat().st_mtime_ns:x}"
    except OSError:
        return "0"


def _result(status: ProjectStatus) -> contract.Result | None:
    if status.result is None or status.result_revision is None:
        return None
    preset = preset_of(Path(status.result.order.source))
    return contract.Result(revision=status.result_revision, stale=status.is_result_stale, preset=preset)


def _outputs(project: Project) -> list[contract.Output]:
    found = []
    for name, path in outputs_of(project).items():
        what = "report" if name.endswith(page_path(Path("x")).name[1:]) else "record"
        if what == "record" and not name.endswith(record_path(Path("x")).name[1:]):
            what = project.kind
        try:
            size = path.stat().st_size
        except OSError:
            continue
        url = f"{_address(project)}/download/{quote(name, safe='')}"
        found.append(contract.Output(name=name, url=url, bytes=size, what=what))  # type: ignore[arg-type]
    return found


def _poster(project: Project, status: ProjectStatus) -> str | None:
    if project.kind == "still":
        return f"{_address(project)}/frames/0.png?side=colour&max_lines=240&r={status.color_revision}"
    if status.plan is None:
        return None
    shot = max(status.plan.shots, key=lambda one: one.end - one.start)
    side = "grey" if status.preview_revision is None else "colour"
    stamp = f"{status.preview_revision}-{_stamp(project.preview)}"
    return f"{_address(project)}/frames/{(shot.start + shot.end - 1) // 2}.png?side={side}&max_lines=240&r={stamp}"


def _is_partial(path: Path) -> bool:
    return path.name.endswith(".partial") or path.name.startswith(".")
