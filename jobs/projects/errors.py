"""What can go wrong with a project, beside what films, settings and disks do.

KinochromeError
└── ProjectError
    ├── MissingError     no such project, file or job
    ├── ForbiddenError   not for the page: outside the root, or Kinochrome's own
    ├── NotReadyError    it will work later
    └── ConflictError    it does not go with what is there
"""

from pipeline.errors import KinochromeError


class ProjectError(KinochromeError):
    """What the page asks for cannot be done."""


class MissingError(ProjectError):
    """There is no such project, file or job."""


class ForbiddenError(ProjectError):
    """It is outside the root folder, or Kinochrome's own."""


class NotReadyError(ProjectError):
    """It will work later: the film is not planned yet, or not rendered."""


class ConflictError(ProjectError):
    """It does not go with what is there."""
