"""The control socket of a running node, spoken to directly: what `starling` itself does, without a process a request."""

import os
import socket
import struct

import cbor


def plain(value):
    """Maps as dicts."""
    if isinstance(value, cbor.Map):
        return {k: plain(v) for k, v in value.pairs}
    return [plain(v) for v in value] if isinstance(value, list) else value


def connect(data, seconds=30):
    """A connection to the node that runs on `data`, however long that path is."""
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(seconds)
        sock.connect(f"/proc/self/fd/{folder}/control.sock")
        return sock
    finally:
        os.close(folder)


def request(number, operation, parameters=None):
    body = cbor.encode([number, operation, parameters or {}])
    return struct.pack(">I", len(body)) + body


class Refusal(Exception):
    """The node's own error reply."""


class Control:
    """One connection; raises OSError or EOFError when the node goes away."""

    def __init__(self, data, seconds=30):
        self.sock, self.number, self.buffer = connect(data, seconds), 0, b""

    def send(self, operation, parameters=None):
        self.number += 1
        self.sock.sendall(request(self.number, operation, parameters))
        return self.number

    def read(self, count):
        while len(self.buffer) < count:
            got = self.sock.recv(1 << 20)
            if not got:
                raise EOFError("the node closed the control socket")
            self.buffer += got
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def receive(self):
        """Number and value of the next last reply."""
        while True:
            (length,) = struct.unpack(">I", self.read(4))
            reply = [plain(x) for x in cbor.decode(self.read(length))]
            if len(reply) == 4:
                raise Refusal(f"{reply[2]}: {reply[3]}")
            if reply[1]:
                return reply[0], reply[2]

    def ask(self, operation, parameters=None):
        number = self.send(operation, parameters)
        while True:
            answered, value = self.receive()
            if answered == number:
                return value

    def close(self):
        self.sock.close()
