"""The command `lsp`: the language server, which an editor starts and talks to over stdin and stdout."""

from alphadsl.extras import require


def lsp() -> None:
    """Serve an editor over stdin and stdout (Language Server Protocol): diagnostics, hover, completion, formatting.

    Example: alphadsl lsp, as the command that the editor starts for *.alpha files
    """
    require("alphadsl lsp", "editor")
    from alphadsl.editor.server import serve

    serve()
