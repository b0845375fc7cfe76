"""A client of the language server: messages framed and read by hand, over the pipes of a process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

Json = Any
PATIENCE = 60.0  # seconds: a server that says nothing is ended, and the test with it


class Session:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._number = 0
        self._opened: set[str] = set()
        self.notes: list[Json] = []

    def ask(self, method: str, **params: Json) -> Json:
        """The result of a request; notifications that come before it are kept."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self.notes.append(message)

    def tell(self, method: str, **params: Json) -> None:
        self._send({"method": method, "params": params})

    def diagnostics(self, uri: str) -> list[Json]:
        """What is published next for a document."""
        while True:
            message = self.notes.pop(0) if self.notes else self._receive()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                found: list[Json] = message["params"]["diagnostics"]
                return found

    def open(self, uri: str, text: str) -> list[Json]:
        self._opened.add(uri)
        self.tell(
            "textDocument/didOpen",
            textDocument={"uri": uri, "languageId": "alphadsl", "version": 1, "text": text},
        )
        return self.diagnostics(uri)

    def write(self, uri: str, text: str) -> None:
        self.tell("textDocument/didChange", textDocument={"uri": uri, "version": 2}, contentChanges=[{"text": text}])

    def change(self, uri: str, text: str) -> list[Json]:
        """Opened first where no test before has: tests may come in any order."""
        if uri not in self._opened:
            return self.open(uri, text)
        self.write(uri, text)
        return self.diagnostics(uri)

    def at(self, method: str, uri: str, line: int, character: int) -> Json:
        position = {"line": line, "character": character}
        return self.ask(f"textDocument/{method}", textDocument={"uri": uri}, position=position)

    def _send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> Json:
        end = Timer(PATIENCE, self._process.kill)
        end.start()
        try:
            return self._read()
        finally:
            end.cancel()

    def _read(self) -> Json:
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has gone"
        return json.loads(self._process.stdout.read(length))


def labels(items: Json) -> list[str]:
    return [item["label"] for item in items]


def told(answer: Json) -> str:
    return str(answer["contents"]["value"])


def place(text: str, marked: str) -> tuple[int, int]:
    """Line and character of the first place of a word, counted as the protocol does."""
    before = text[: text.index(marked)]
    line = before.count("\n")
    return line, len(before.rpartition("\n")[2].encode("utf-16-le")) // 2


@contextmanager
def session() -> Iterator[Session]:
    """A server from its start to its end, which has to be a clean one."""
    command = [sys.executable, "-m", "alphadsl.cli.main", "lsp"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        talk = Session(process)
        talk.ask("initialize", processId=None, rootUri=None, capabilities={})
        talk.tell("initialized")
        yield talk
        talk.ask("shutdown")
        talk.tell("exit")
        _, complaints = process.communicate(timeout=10)
        assert process.returncode == 0
        assert complaints == b"", complaints.decode()
