"""Names of files as other programs want them: from a folder on, with slashes, and as URIs.

>>> slashed("sub/net.cat", os.getcwd())
'sub/net.cat'
>>> uri("a b/été:1.cat")
'a%20b/%C3%A9t%C3%A9%3A1.cat'
"""

from __future__ import annotations

import os


def below(name: str, folder: str) -> str | None:
    """The way from a folder to what lies in it; None for what lies elsewhere."""
    for form in (os.path.abspath, os.path.realpath):
        around = form(folder).rstrip(os.sep) + os.sep
        place = form(name)
        if place.startswith(around):
            return place[len(around):]
    return None


def slashed(name: str, folder: str) -> str:
    """The name from a folder on, or as it is for what lies elsewhere; with slashes on every machine."""
    found = below(name, folder)
    return (name if found is None else found).replace(os.sep, "/")


def uri(path: str) -> str:
    """A path with slashes as a reference: all but letters, digits and ``-._~/`` as percent and number.

    Bytes of a file name that are no UTF-8 stay the bytes that they are.
    """
    from urllib.parse import quote_from_bytes

    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = path.encode("utf-8", "surrogatepass")
    return quote_from_bytes(data, safe="/")
