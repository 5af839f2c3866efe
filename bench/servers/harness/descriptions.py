"""Finds a server's description, the executable of its name beside this package, for what measures any server."""

import importlib.util
import inspect
from importlib.machinery import SourceFileLoader
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]


class UnknownServer(Exception):
    pass


def find(name):
    """An instance of the one class in bench/servers/`name` that says it is called `name`."""
    path = FOLDER / name
    if not path.is_file():
        raise UnknownServer(f"no description {path}")
    loader = SourceFileLoader(f"description_{name}", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    classes = [c for _, c in inspect.getmembers(module, inspect.isclass) if getattr(c, "name", None) == name]
    if len(classes) != 1:
        raise UnknownServer(f"{path} has {len(classes)} classes with name = {name!r}, not one")
    return classes[0]()
