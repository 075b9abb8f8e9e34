"""The broker that carries job ids: RQ, memory and inline behind one protocol, and the embedded Valkey."""
