"""A shop of three answers, enough for a pipeline and its checks."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# The tag of the image: the gate compares it with what is deployed.
VERSION = os.environ.get("APP_VERSION", "dev")
ITEMS = [
    {"id": "mug", "price_cents": 1250},
    {"id": "lamp", "price_cents": 4900},
]


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/healthz":
            self.answer(200, {"status": "ok"})
        elif path == "/version":
            self.answer(200, {"version": VERSION})
        elif path == "/catalogue":
            self.answer(200, {"items": ITEMS})
        else:
            self.answer(404, {"error": "not found"})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Shop).serve_forever()
