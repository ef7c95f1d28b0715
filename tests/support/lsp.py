"""An editor for tests: a client of the Language Server Protocol over standard input and output."""

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urlparse

PATIENCE = 60  # seconds
CAPABILITIES = {
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True},
        "codeAction": {"resolveSupport": {"properties": ["edit"]}},
        "synchronization": {"didSave": True},
    },
    "notebookDocument": {"synchronization": {}},
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}


class Client:
    """Starts `tflint-mem server` and talks with it.

    texts       what is open, by URI
    published   the latest diagnostics by URI
    counts      how often those of a URI came
    logged      what the server has logged
    asked       requests of the server, which `answers` by method are the answers to
    """

    def __init__(self, *folders, options=(), capabilities=CAPABILITIES, settings=None, env=None):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tflint_mem", "server", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
        )
        self.texts, self.versions, self.published, self.counts = {}, {}, {}, {}
        self.logged, self.asked, self.answers = [], [], {}
        self._number, self._inbox = 0, queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.capabilities = self.request(
            "initialize",
            processId=None,
            rootUri=None,
            capabilities=capabilities,
            initializationOptions=settings,
            workspaceFolders=[{"uri": Path(folder).as_uri(), "name": Path(folder).name} for folder in folders],
        )["capabilities"]
        self.notify("initialized")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            if self.process.poll() is None and error[0] is None:
                self.request("shutdown")
                self.notify("exit")
                assert self.process.wait(PATIENCE) == 0, self.process.stderr.read()
        finally:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
                stream.close()

    # -- messages

    def notify(self, method, **params):
        self._send({"method": method, "params": params})

    def request(self, method, **params):
        """The result; raises RuntimeError for an error."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params} if params else {"id": number, "method": method})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise RuntimeError(message["error"])
                return message["result"]

    def wait(self, until):
        """Listen until a condition holds; returns its value."""
        while not (value := until()):
            self._next()
        return value

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self):
        stream = self.process.stdout
        try:
            while header := stream.readline():
                size = int(header.split(b":")[1])
                while stream.readline().strip():
                    pass
                self._inbox.put(json.loads(stream.read(size)))
        except ValueError:  # closed
            pass
        self._inbox.put(None)

    def _next(self):
        message = self._inbox.get(timeout=PATIENCE)
        if message is None:
            raise AssertionError(f"the server is gone: {self.process.stderr.read().decode()}")
        method, params = message.get("method"), message.get("params")
        if method == "textDocument/publishDiagnostics":
            self.published[params["uri"]] = params
            self.counts[params["uri"]] = self.counts.get(params["uri"], 0) + 1
        elif method == "window/logMessage":
            self.logged.append(params["message"])
        elif method is not None and "id" in message:
            self.asked.append((method, params))
            self._send({"id": message["id"], "result": self.answers.get(method)})
        return message

    # -- what a person does

    def open(self, path, text=None, language="python"):
        """Open a file, or a text in its place; returns its URI."""
        uri = path if isinstance(path, str) else path.as_uri()
        text = path.read_text(encoding="utf-8") if text is None else text
        self.texts[uri], self.versions[uri] = text, 1
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", textDocument=document)
        return uri

    def type(self, uri, text, range=None):
        """The text is another one now, or the part of it that stands in the range."""
        self.versions[uri] += 1
        change = {"text": text} if range is None else {"text": text, "range": range}
        identifier = {"uri": uri, "version": self.versions[uri]}
        self.texts[uri] = text if range is None else None
        self.notify("textDocument/didChange", textDocument=identifier, contentChanges=[change])

    def close(self, uri):
        self.notify("textDocument/didClose", textDocument={"uri": uri})

    def diagnostics(self, uri):
        """Those of the text as it is now."""
        version = self.versions.get(uri, 1)
        return self.wait(
            lambda: (found := self.published.get(uri)) and found.get("version") == version and [found["diagnostics"]]
        )[0]

    def actions(self, uri, range, only=None):
        context = {"diagnostics": [], **({"only": only} if only else {})}
        return self.request("textDocument/codeAction", textDocument={"uri": uri}, range=range, context=context)

    def hover(self, uri, line, character):
        found = self.request(
            "textDocument/hover", textDocument={"uri": uri}, position={"line": line, "character": character}
        )
        return found and found["contents"]["value"]


def path_of(uri):
    return Path(unquote(urlparse(uri).path))


def edited(text, edits, encoding="utf-16-le"):
    """The text after edits of the protocol, applied as an editor does: columns in units of the encoding."""
    unit = {"utf-16-le": 2, "utf-8": 1, "utf-32-le": 4}[encoding]
    rows = text.split("\n")

    def offset(position):
        row = rows[position["line"]] if position["line"] < len(rows) else ""
        before = row.encode(encoding)[: position["character"] * unit].decode(encoding)
        return sum(len(row) + 1 for row in rows[: position["line"]]) + len(before)

    for edit in sorted(edits, key=lambda edit: offset(edit["range"]["start"]), reverse=True):
        start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        text = text[:start] + edit["newText"] + text[end:]
    return text
