"""The folder, and films that arrive in pieces."""

from flask import Blueprint, Response, request

from jobs.projects.uploads import CHUNK_BYTES
from jobs.projects.uploads import Upload as Arriving
from jobs.web.contract.errors import BadRequestError, TooLargeError
from jobs.web.contract.folder import FileEntry, Folder, FolderEntry, NewUpload, Upload, Uploads
from jobs.web.contract.operations import PREFIX, answered, asked_for, describes
from jobs.web.server import Server


def folder_routes(server: Server) -> Blueprint:
    """The routes."""
    routes = Blueprint("folder", __name__, url_prefix=PREFIX)

    @routes.get("/folder")
    @describes(answer=Folder)
    def get_folder() -> Response:
        """The folders, films and stills in a folder under the root."""
        found = server.root.list(request.args.get("path", ""))
        ids = {project.source: project.id for project in server.projects.all()}
        return answered(
            Folder(
                path=found.path,
                parent=found.path.rpartition("/")[0] if found.path else None,
                folders=[FolderEntry(name=path.rpartition("/")[2], path=path) for path in found.folders],
                files=[
                    FileEntry(
                        name=file.name,
                        path=file.path,
                        kind=file.kind,
                        bytes=file.bytes,
                        project=ids.get(file.path),
                    )
                    for file in found.files
                ],
                truncated=found.truncated,
            )
        )

    @routes.get("/uploads")
    @describes(answer=Uploads)
    def get_uploads() -> Response:
        """What is not complete, or not a project yet."""
        return answered(Uploads(uploads=[_shown(upload) for upload in server.uploads.all()]))

    @routes.post("/uploads")
    @describes(asked=NewUpload, answer=Upload)
    def begin_upload() -> Response:
        """Begins an upload, or finds the one of this name and size that was not finished."""
        asked = asked_for(NewUpload)
        return answered(_shown(server.uploads.begin(asked.name, asked.size)), 201)

    @routes.get("/uploads/<id>")
    @describes(answer=Upload)
    def get_upload(id: str) -> Response:
        """How much of a file is here."""
        return answered(_shown(server.uploads.get(id)))

    @routes.patch("/uploads/<id>")
    @describes(asked="application/octet-stream", answer=Upload)
    def append(id: str) -> Response:
        """Adds a piece, which begins at the byte that the header Upload-Offset says."""
        offset = request.headers.get("Upload-Offset", "")
        if not offset.isascii() or not offset.isdecimal() or len(offset) > 18:
            raise BadRequestError("the header Upload-Offset says how many bytes came before this piece")
        if request.content_length is None:
            raise BadRequestError("the header Content-Length says how many bytes this piece has")
        if request.content_length > CHUNK_BYTES:
            raise TooLargeError(f"a piece has at most {CHUNK_BYTES:,} bytes")
        return answered(_shown(server.uploads.append(id, int(offset), request.get_data(cache=False))))

    @routes.delete("/uploads/<id>")
    @describes(answer="text/plain")
    def remove(id: str) -> Response:
        """Takes an upload away."""
        server.uploads.remove(id)
        return Response(status=204)

    return routes


def _shown(upload: Arriving) -> Upload:
    return Upload(
        id=upload.id,
        name=upload.name,
        size=upload.size,
        offset=upload.offset,
        complete=upload.is_complete,
        chunk_bytes=CHUNK_BYTES,
    )
