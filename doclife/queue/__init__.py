"""The broker that carries job ids: RQ, memory and inline behind one protocol, and the embedded Valkey.

Imports core only; redis and rq are loaded when a real broker is opened, not before. The database
row is the job: a broker may lose, repeat or reorder ids without harm.
"""

from doclife.queue.connect import open_broker
from doclife.queue.protocol import Broker, Ticket

__all__ = ["Broker", "Ticket", "open_broker"]
