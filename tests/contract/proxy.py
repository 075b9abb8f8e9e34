"""A proxy before a broker that can go wrong in every way a network and a server can."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

#: what happens to what the server answers: the bytes, and what sends them on
Answer = Callable[[bytes, Callable[[bytes], None]], None]


class Closed(Exception):
    """The proxy is to close the connection."""


class Proxy:
    """Listens on a port of this machine and passes everything on to a server, unless it is told otherwise."""

    def __init__(self, server: str) -> None:
        """Passes on to a server, given by its URL."""
        self.server = server
        self._stop = threading.Event()
        #: set when connections shall neither wait nor keep what they hold back
        self._changed = threading.Event()
        self._answer: Answer = passed
        #: what is answered instead of asking the server, or None
        self._says: bytes | None = None
        self._open: list[socket.socket] = []
        self._fillers: list[socket.socket] = []
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    # -- what can go wrong -----------------------------------------------------------------------

    def heal(self) -> None:
        """Passes everything on again; connections that were held up are cut."""
        self._answer, self._says = passed, None
        for each in self._fillers:
            each.close()
        self._fillers.clear()
        self.cut()
        if self._listener.fileno() < 0:
            self._listener = self._listen(self.port)
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def swallow(self) -> None:
        """Accepts connections and says nothing any more."""
        self._answer = swallowed

    def delay(self, seconds: float) -> None:
        """Answers each time so much later."""

        def delayed(data: bytes, send: Callable[[bytes], None]) -> None:
            self._changed.wait(seconds)
            send(data)

        self._answer = delayed

    def trickle(self, seconds: float) -> None:
        """Answers byte by byte with a pause after each."""

        def trickled(data: bytes, send: Callable[[bytes], None]) -> None:
            for n in range(len(data)):
                send(data[n : n + 1])
                self._changed.wait(seconds)

        self._answer = trickled

    def cut_answers(self) -> None:
        """Closes each connection in the middle of the first answer."""

        def half(data: bytes, send: Callable[[bytes], None]) -> None:
            send(data[: len(data) // 2])
            raise Closed

        self._answer = half

    def say(self, text: str) -> None:
        """Answers everything that is asked with a text, whatever the server would say."""
        self._says = text.encode() + b"\r\n"

    def refuse(self) -> None:
        """Listens no longer and cuts what is open."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def fill(self) -> None:
        """Lets new connections hang before they are made, as packets to a host that is gone; cuts what is open."""
        self.refuse()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(0)
        for _ in range(3):  # as many as wait to be accepted; the kernel drops those behind
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)
        # the next healthy listener takes the port over
        self._fillers.append(self._listener)
        listener, self._listener = self._listener, socket.socket()
        self._listener.close()
        assert listener.fileno() >= 0

    def cut(self) -> None:
        """Closes all connections that are open now."""
        self._changed.set()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._open.clear()
        self._changed = threading.Event()

    def close(self) -> None:
        """Ends the proxy."""
        self.heal()
        self.refuse()

    # -- how it passes on ------------------------------------------------------------------------

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # closed
                return
            try:
                server = _connected(self.server)
            except OSError:
                client.close()
                continue
            self._open += (client, server)
            threading.Thread(target=self._questions, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answers, args=(server, client), daemon=True).start()

    def _questions(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self._says is not None:
                    client.sendall(self._says)
                else:
                    server.sendall(data)
        _end(client, server)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError, Closed):
            while data := server.recv(65536):
                self._answer(data, client.sendall)
        _end(client, server)


def passed(data: bytes, send: Callable[[bytes], None]) -> None:
    send(data)


def swallowed(_data: bytes, _send: Callable[[bytes], None]) -> None:
    return


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        server = socket.socket(socket.AF_UNIX)
        server.connect(unquote(parts.path))
        return server
    return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379))


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


@contextmanager
def proxy_of(url: str) -> Iterator[Proxy]:
    """Opens a proxy before a server."""
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
