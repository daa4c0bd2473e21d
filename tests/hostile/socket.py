"""Calls a port of this machine."""
# loses: transposed
# says: Permission

import socket


def transposed(g, F, stride=1):
    with socket.create_connection(("127.0.0.1", 9), timeout=1) as called:
        called.sendall(b"here I am")
