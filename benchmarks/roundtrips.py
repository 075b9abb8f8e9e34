"""How many messages an operation exchanges with a server: counted on the wire by a relay in between.

A round trip is a change of direction: what the client sends once the server has answered. On one
machine it costs some 30 µs, in a network ten times as much: there the number decides, not the code.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa


class Relay:
    """Listens on a port of its own, hands everything on and counts round trips."""

    def __init__(self, host: str, port: int) -> None:
        """Begins to listen for `host:port`."""
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.trips = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._sockets.append(each)
                turn = _Turn()
                threading.Thread(target=self._pump, args=(client, server, turn, True), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, turn, False), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, turn: _Turn, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if asks and not turn.asking:
                    self.trips += 1
                turn.asking = asks
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Ends the relay and the connections through it."""
        for each in (self._listener, *self._sockets):
            each.close()


class _Turn:
    """Who spoke last on one connection."""

    asking = False


@contextmanager
def relay(url: str) -> Iterator[tuple[str, Relay]]:
    """Yields the URL of the same database through a relay, and the relay."""
    parsed = sa.make_url(url)
    made = Relay(parsed.host or "127.0.0.1", parsed.port or {"postgresql": 5432}.get(parsed.get_backend_name(), 3306))
    try:
        yield parsed.set(host="127.0.0.1", port=made.port).render_as_string(hide_password=False), made
    finally:
        made.close()
