"""A server that offers a folder of files over HTTP."""

import http.client

from .server import Server


class WebServer(Server):
    """Its first port answers with files() of the tree, which the load asks for and checks."""

    def files(self, tree):
        """A folder filled with files of 0 bytes to 1 MB."""
        folder = tree / "served"
        if not folder.exists():
            folder.mkdir(parents=True)
            for number, size in enumerate((0, 1, 100, 1000, 4096, 10_000, 65_536, 100_000, 1_000_000)):
                line = b"file %d of the load's folder\n" % number
                (folder / f"{size}.txt").write_bytes((line * (size // len(line) + 1))[:size])
        return folder

    def ready(self, ports):
        connection = http.client.HTTPConnection("127.0.0.1", ports[0], timeout=5)
        try:
            connection.request("GET", "/0.txt")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def load_arguments(self, tree, ports):
        return ["--protocol=http", f"--port={ports[0]}", f"--files={self.files(tree)}"]
