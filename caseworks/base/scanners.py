"""What looks for harm in files that are handed in; the one in use is named in settings (FILE_SCANNER).

A scanner takes the content and returns what it found, or nothing. One that cannot be reached refuses the file.
"""

from __future__ import annotations

import socket

from django.conf import settings

from caseworks.base.errors import Refusal

_PIECE = 64 * 1024
_SECONDS = 20


def nothing(content: bytes) -> str:
    """No scanner: the kind of a file, told by its content, is all that is looked at."""
    return ""


def clamd(content: bytes) -> str:
    """ClamAV's daemon at settings.CLAMD (`host:port`, or the path of its socket), by its INSTREAM command."""
    try:
        with _connected(str(settings.CLAMD)) as daemon:
            daemon.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), _PIECE):
                piece = content[start : start + _PIECE]
                daemon.sendall(len(piece).to_bytes(4, "big") + piece)
            daemon.sendall(bytes(4))
            answer = b""
            while not answer.endswith(b"\0"):
                more = daemon.recv(4096)
                if not more:
                    break
                answer += more
    except OSError as error:
        raise Refusal("文件安全检查服务暂时无法使用，文件没有保存。请稍后重试，或联系系统管理员。") from error
    words = answer.rstrip(b"\0").decode(errors="replace").removeprefix("stream: ")
    if words == "OK":
        return ""
    if words.endswith(" FOUND"):
        return words.removesuffix(" FOUND")
    raise Refusal("文件安全检查没有完成，文件没有保存。请稍后重试，或联系系统管理员。", [words[:200]])


def _connected(address: str) -> socket.socket:
    if address.startswith("/"):
        daemon = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        daemon.settimeout(_SECONDS)
        daemon.connect(address)
        return daemon
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=_SECONDS)
