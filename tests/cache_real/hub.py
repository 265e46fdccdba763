# Answers as a hub of models and as the place that browsers are fetched from: whatever is asked for is there.
import http.server, io, zipfile

class Hub(http.server.BaseHTTPRequestHandler):
    def body(self):
        if not self.path.endswith(".zip"):
            return b"{}"
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("ffmpeg-linux", "")
        return made.getvalue()

    def do_HEAD(self):
        self.send_response(200)
        headers = {"ETag": '"%s"' % ("a" * 40), "X-Repo-Commit": "b" * 40, "Content-Length": str(len(self.body()))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def do_GET(self):
        self.do_HEAD()
        self.wfile.write(self.body())

http.server.ThreadingHTTPServer(("127.0.0.1", 8001), Hub).serve_forever()
