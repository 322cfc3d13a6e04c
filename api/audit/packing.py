"""How bodies are compressed: one zstd frame each, against records of the same policy that came before.

Records of one policy repeat each other: the same rules, the same texts in three languages. The first of them in which
something new stands become the policy's dictionary; a dictionary is kept for good, since old entries need it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import zstandard

LEVEL = 3
"""zstd's own default: higher ones cost several times as much and save a tenth."""

LARGEST_DICTIONARY = 112 * 1024
SAMPLES = 64
"""Records looked at before a dictionary is made."""

_LARGEST = 1 << 28
"""Bytes of the largest body that is unpacked: far more than the trace of the largest request."""

_NOVEL = 8
"""A record is new to a dictionary when it needs more than one byte in so many."""

Save = Callable[[str, bytes], int | None]
"""Stores a dictionary for records like the named ones, and gives its number; None when that cannot be done now."""

Latest = Callable[[str], tuple[int, bytes] | None]
"""The newest dictionary for records like the named ones, with its number."""

Numbered = Callable[[int], bytes]
"""The dictionary with a number."""


@dataclass(slots=True)
class _Learning:
    """Records of one policy, until a dictionary can be made of them."""

    seen: int = 0
    parts: list[bytes] = field(default_factory=list)

    def learn(self, body: bytes) -> None:
        self.seen += 1
        room = LARGEST_DICTIONARY - sum(map(len, self.parts))
        if len(body) <= room and (not self.parts or len(_alone(self.dictionary(), body)) * _NOVEL > len(body)):
            self.parts.append(body)

    def dictionary(self) -> bytes:
        return b"".join(self.parts)


@dataclass(slots=True)
class _OfThread:
    compressors: dict[int | None, zstandard.ZstdCompressor] = field(default_factory=dict)
    decompressors: dict[int | None, zstandard.ZstdDecompressor] = field(default_factory=dict)


@dataclass(slots=True)
class Packing:
    """Compresses and restores bodies; any number of threads may use one. It learns while it is used."""

    save: Save
    latest: Latest
    numbered: Numbered
    _current: dict[str, int | None] = field(default_factory=dict)
    _learning: dict[str, _Learning] = field(default_factory=dict)
    _dictionaries: dict[int, zstandard.ZstdCompressionDict] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _local: threading.local = field(default_factory=threading.local)

    def pack(self, like: str | None, body: bytes) -> tuple[int | None, bytes]:
        """The number of the dictionary that was used, if any, and the frame."""
        number = None if like is None else self._number(like, body)
        return number, self._compressor(number).compress(body)

    def unpack(self, number: int | None, packed: bytes) -> bytes:
        """The body of a frame. Raises ValueError for a frame that is damaged."""
        return _unpacked(self._decompressor(number), packed)

    def _number(self, like: str, body: bytes) -> int | None:
        with self._lock:
            if like not in self._current:
                found = self.latest(like)
                self._current[like] = None if found is None else self._keep(*found)
            number = self._current[like]
            if number is not None:
                return number
            learning = self._learning.setdefault(like, _Learning())
            learning.learn(body)
            if learning.seen < SAMPLES:
                return None
            del self._learning[like]  # whoever comes meanwhile begins to learn anew
        # Outside the lock: it waits for the database, and other policies' records must not wait with it.
        dictionary = learning.dictionary()
        saved = self.save(like, dictionary) if dictionary else None
        if saved is not None:
            with self._lock:
                self._current[like] = self._keep(saved, dictionary)
        return saved

    def _keep(self, number: int, dictionary: bytes) -> int:
        self._dictionaries[number] = _raw(dictionary)
        return number

    def _dictionary(self, number: int) -> zstandard.ZstdCompressionDict:
        if number not in self._dictionaries:
            self._keep(number, self.numbered(number))
        return self._dictionaries[number]

    def _compressor(self, number: int | None) -> zstandard.ZstdCompressor:
        """One for each thread: they are not to be shared."""
        made = self._of_thread().compressors
        if number not in made:
            given = None if number is None else self._dictionary(number)
            made[number] = zstandard.ZstdCompressor(level=LEVEL, dict_data=given, write_content_size=True)
        return made[number]

    def _decompressor(self, number: int | None) -> zstandard.ZstdDecompressor:
        made = self._of_thread().decompressors
        if number not in made:
            made[number] = zstandard.ZstdDecompressor(dict_data=None if number is None else self._dictionary(number))
        return made[number]

    def _of_thread(self) -> _OfThread:
        if not hasattr(self._local, "made"):
            self._local.made = _OfThread()
        made: _OfThread = self._local.made
        return made


def pack_alone(body: bytes) -> bytes:
    """One frame without a dictionary."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(body)


def unpack_alone(packed: bytes) -> bytes:
    """The body of such a frame. Raises ValueError for a frame that is damaged."""
    return _unpacked(zstandard.ZstdDecompressor(), packed)


def _unpacked(decompressor: zstandard.ZstdDecompressor, packed: bytes) -> bytes:
    try:
        # zstd takes as much memory as a frame says that it needs, and a damaged one may say anything.
        claimed = zstandard.frame_content_size(packed)
        if claimed <= _LARGEST:
            return bytes(decompressor.decompress(packed))
    except (zstandard.ZstdError, TypeError) as error:  # a damaged row may have no bytes at all
        msg = f"its frame cannot be unpacked: {error}"
        raise ValueError(msg) from error
    msg = f"its frame says that {claimed:,} bytes are in it"
    raise ValueError(msg)


def _raw(dictionary: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _alone(dictionary: bytes, body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL, dict_data=_raw(dictionary)).compress(body)
