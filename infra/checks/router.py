"""One address for the two halves of the Lambda API that the orchestrator uses.

On AWS, checkpoints and invocations of workers go to one endpoint; here an emulator of the durable API answers the former and
one of Lambda the latter. Requests are passed on as they are.
"""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# An invocation is answered when the function has answered.
UPSTREAM_SECONDS = 60
INVOCATIONS = "/2015-03-31/functions/"
# They hold for one connection, not for the request.
HOP_BY_HOP = {"connection", "content-length", "transfer-encoding"}


class Router(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, durable_port, lambda_port):
        super().__init__(("127.0.0.1", 0), Relay)
        self.durable_port = durable_port
        self.lambda_port = lambda_port
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class Relay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def relay(self):
        to_lambda = self.path.startswith(INVOCATIONS)
        port = self.server.lambda_port if to_lambda else self.server.durable_port
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=UPSTREAM_SECONDS)
        try:
            upstream.request(self.command, self.path, body, end_to_end(self.headers))
            response = upstream.getresponse()
            answer = response.read()
        except OSError as error:
            self.send_error(502, str(error))
            return
        finally:
            upstream.close()
        self.send_response_only(response.status)
        for name, value in end_to_end(response.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", len(answer))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = relay

    def log_message(self, *_):
        """What is passed on is not worth a line."""


def end_to_end(headers):
    return {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
