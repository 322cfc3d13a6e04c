"""What single settings may be, and how a value with a password in it is shown. Pure but for the table of zones."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from policies.identifiers import did_you_mean

_LIKE_A_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
_LOCAL = {"localhost", "127.0.0.1"}
_SECRET_OPTION = re.compile(r"((?:^|[?&\s])[^=&\s]*(?:pass|token|secret|key|sig)[^=&\s]*\s*=\s*)[^&\s]*", re.IGNORECASE)
_LOGIN = re.compile(r"(:/?[^/:@\s]+:)[^/@\s]+@")
"""A user and a password before a host, where the address is not written as one."""
_PORT = re.compile(r"\d*(?:[/?#]|$)")


def without_password(text: str) -> str:
    """The text with the password of a URL replaced by `…`; what might be one, since the URL is broken, goes too."""
    scheme, found, rest = text.partition("://")
    if not found:
        return _LOGIN.sub(r"\1…@", _SECRET_OPTION.sub(r"\1…", text))
    login, at, place = rest.rpartition("@")
    if at:
        user, colon, _ = login.partition(":")
        rest = f"{user}:…@{place}" if colon else f"{user}@{place}"
    elif not rest.startswith("["):
        host, colon, port = rest.partition(":")
        rest = f"{host}:…" if colon and not _PORT.match(port) else rest
    return scheme + found + _SECRET_OPTION.sub(r"\1…", rest)


def _refused(message: str) -> PydanticCustomError:
    return PydanticCustomError("setting", message.replace("{", "{{").replace("}", "}}"))


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if not _LIKE_A_ZONE.fullmatch(name):
            raise _refused("must be an IANA time zone, such as `Asia/Shanghai`") from None
        close = did_you_mean(name, sorted(available_timezones()))
        mend = f"did you mean `{close}`?" if close else "write one such as `Asia/Shanghai`"
        raise _refused(f"`{name}` is no IANA time zone; {mend}") from None
    return name


def _is_safe(url: str) -> bool:
    """Whether nobody on the way can change what is read from the URL, and it holds no login."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL)
    return secure and bool(host) and "@" not in parts.netloc and url.isascii() and not re.search(r"\s", url)


def _issuer(url: str) -> str:
    if not _is_safe(url) or "?" in url or "#" in url:
        raise _refused("must be the issuer's https:// URL, without login, `?` and `#`; http:// only for this computer")
    return url


def _keys(place: str) -> str:
    if "://" in place and not _is_safe(place):
        raise _refused("must be a file or an https:// URL without login; http:// only for this computer")
    return place


def _not_blank(text: str) -> str:
    if not text.strip():
        raise _refused("must not be blank")
    return text


TimeZone = Annotated[str, AfterValidator(_zone)]
"""The name of a zone in the IANA time zone database."""
Issuer = Annotated[str, AfterValidator(_issuer)]
"""An https URL, as OpenID Connect Core 1.0 wants of `iss`; http only for localhost and 127.0.0.1."""
KeyPlace = Annotated[str, AfterValidator(_not_blank), AfterValidator(_keys)]
"""A file, or a URL as for an issuer: who could change the keys on their way could sign every token."""
Audience = Annotated[str, AfterValidator(_not_blank)]
