"""Tables that every room uses: runs, documents and their numbers, files, notices."""

from caseworks.base.models.documents import Document, DocumentSeries, SealedScan
from caseworks.base.models.files import StoredFile
from caseworks.base.models.notices import Notice, NoticeBlock, NoticeTemplate
from caseworks.base.models.runs import Reporter, Run, RunQuerySet, RunState

__all__ = [
    "Document", "DocumentSeries", "Notice", "NoticeBlock", "NoticeTemplate", "Reporter", "Run", "RunQuerySet",
    "RunState", "SealedScan", "StoredFile",
]  # fmt: skip
