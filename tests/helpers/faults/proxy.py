"""A server of MLflow behind a proxy on loopback that fails: at the nth request, or from then on."""

import http.client
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

FAULTS = ("refused", "lost", "half", "500", "hang")


class Proxy(ThreadingHTTPServer):
    """Passes on requests to a port of this machine.

    `fault` happens at request `n`, counted from 1, and at all after it unless `once`: the connection is reset
    before the request is passed on (refused) or when it was answered (lost), the answer is cut off in the
    middle (half), is an error of the server (500), or never comes (hang).
    """

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.to, self.fault, self.n, self.once, self.count = port, "", 0, False, 0
        self.counting, self.over = threading.Lock(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.uri = f"http://127.0.0.1:{self.server_address[1]}"

    def failing(self, fault: str, n: int, *, once: bool) -> None:
        """From now on fail like this, and count requests anew; the fault "" is none."""
        self.over.set()  # what hung before
        self.over = threading.Event()
        self.fault, self.n, self.once, self.count = fault, n, once, 0

    def handle_error(self, *_: Any) -> None:
        """The client went away first."""

    def next(self) -> str:
        """The fault of a request that came in."""
        with self.counting:
            self.count += 1
            return self.fault if self.count == self.n or (self.count > self.n and not self.once) else ""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def handle_request(self) -> None:
        proxy = cast("Proxy", self.server)
        body, over, fault = (
            self.rfile.read(int(self.headers.get("Content-Length", 0))),
            proxy.over,
            proxy.next(),
        )
        if fault == "hang":
            over.wait()
        if fault in ("hang", "refused"):
            return self.reset()
        if fault == "500":
            return self.send(500, [("Content-Type", "text/html")], b"<h1>Internal Server Error</h1>")
        backend = http.client.HTTPConnection("127.0.0.1", proxy.to)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        backend.request(self.command, self.path, body, headers)
        answer = backend.getresponse()
        content = answer.read()
        backend.close()
        if fault == "lost":
            return self.reset()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() in ("content-type",)]
        return self.send(answer.status, kept, content, cut=fault == "half")

    def send(self, status: int, headers: list[tuple[str, str]], content: bytes, *, cut: bool = False) -> None:
        """Answer, or begin to."""
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(content) + cut))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.reset()

    def reset(self) -> None:
        """End the connection as a machine that went down does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request
