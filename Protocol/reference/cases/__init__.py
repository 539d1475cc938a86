"""One module for each file of `Protocol/vectors`; its `make` gives the file."""

from importlib import import_module

NAMES = [
    "batch",
    "blobs",
    "cbor",
    "checkpoint",
    "content",
    "discovery",
    "ed25519",
    "entry",
    "forkproof",
    "identifiers",
    "identity",
    "merkle",
    "messages",
    "noise",
    "overlay",
    "proof",
    "reconciliation",
    "wants",
]


def files():
    """Every vector file, as its module makes it."""
    return [import_module(f"cases.{name}").make() for name in NAMES]
