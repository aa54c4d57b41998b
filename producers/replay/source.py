"""A file as a stream of rows. What it is (compression, format) is seen from its bytes, not from its name."""

import io
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Literal, Self

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from producers.replay.rows import Row, Unreadable

Format = Literal["csv", "json-lines", "parquet"]

_COMPRESSIONS: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_BLOCK_BYTES: Final = 4 << 20  # also the longest CSV row
_BATCH_ROWS: Final = 16_384


class SourceError(ValueError):
    """The file cannot be read; the message says what is wrong with it."""


class Source:
    """Rows of one CSV, JSON lines or Parquet file, plain or in gzip or zstd; memory does not grow with it.

    Raises:
        SourceError: while opening or while iterating: no such file, no rows, damaged, or of another kind.
    """

    def __init__(self, path: Path, delimiter: str = ",") -> None:
        self.path: Final = path
        self._delimiter = delimiter
        try:
            self._raw = pa.OSFile(str(path))
            self._bytes = max(self._raw.size(), 1)
            self._content, self.compression = _decompressed(self._raw)
            head = self._content.peek(65_536)
        except (OSError, pa.ArrowException) as error:
            raise SourceError(f"{path} cannot be read: {error}") from error
        self.format: Final = _format(head, path)

    def position(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return 1.0 if self._raw.closed else float(self._raw.tell()) / self._bytes

    def __iter__(self) -> Iterator[Row | Unreadable]:
        read = {"csv": self._csv, "json-lines": self._json_lines, "parquet": self._parquet}[self.format]
        try:
            yield from read()
        except (OSError, pa.ArrowException) as error:
            raise SourceError(f"{self.path} is damaged or not {self.format}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._content.close()
        self._raw.close()

    def _csv(self) -> Iterator[Row | Unreadable]:
        broken: deque[Any] = deque()

        def keep(row: Any) -> str:
            broken.append(row)
            return "skip"

        names = _header(self._content, self._delimiter, self.path)
        if not self._content.peek(1):  # pyarrow takes a header without rows for a fault
            return
        batches = pa_csv.open_csv(
            self._content,
            # one thread: only then does a broken row come with its number
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=names),
            parse_options=pa_csv.ParseOptions(
                delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=keep
            ),
            # bytes: one letter in another encoding must not stop the file
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.binary()), strings_can_be_null=False
            ),
        )
        number = 0
        for batch in batches:
            for values in zip(*map(_texts, batch.columns), strict=True):
                number += 1
                while broken and broken[0].number == number:
                    yield Unreadable(broken.popleft().text)
                    number += 1
                yield dict(zip(names, values, strict=True))
        for row in broken:
            yield Unreadable(row.text)

    def _json_lines(self) -> Iterator[Row | Unreadable]:
        decode = msgspec.json.Decoder().decode
        for line in self._content:
            text = line.strip()
            if not text:
                continue
            try:
                row = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                row = None
            yield row if isinstance(row, dict) else Unreadable(text.decode("utf-8", "backslashreplace"))

    def _parquet(self) -> Iterator[Row | Unreadable]:
        with tempfile.TemporaryFile() as plain:
            seekable: Any = self._raw
            if self.compression is not None:  # Parquet starts at its end
                shutil.copyfileobj(self._content, plain, _BLOCK_BYTES)
                seekable = plain
            for batch in pa_parquet.ParquetFile(seekable).iter_batches(_BATCH_ROWS):
                yield from batch.to_pylist()


def _decompressed(raw: pa.NativeFile) -> tuple[io.BufferedReader, str | None]:
    magic = raw.read(4)
    raw.seek(0)
    for start, name in _COMPRESSIONS.items():
        if magic.startswith(start):
            return io.BufferedReader(pa.CompressedInputStream(raw, name), _BLOCK_BYTES), name
    return io.BufferedReader(raw, _BLOCK_BYTES), None


def _format(head: bytes, path: Path) -> Format:
    if head.startswith(b"PAR1"):
        return "parquet"
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not first:
        raise SourceError(f"{path} is empty")
    if first == b"[":
        raise SourceError(f"{path} is one JSON array: write one object a line instead (`jq -c '.[]'`)")
    return "json-lines" if first == b"{" else "csv"


def _header(content: IO[bytes], delimiter: str, path: Path) -> list[str]:
    line = content.readline()
    try:
        reader = pa_csv.read_csv(
            io.BytesIO(line.rstrip(b"\r\n") + b"\n"),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter),
            read_options=pa_csv.ReadOptions(use_threads=False),
        )
    except pa.ArrowException as error:
        raise SourceError(f"{path}: the first line is no CSV header: {error}") from error
    names: list[str] = reader.column_names
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SourceError(f"{path}: the header names {', '.join(twice)} more than once")
    return names


def _texts(column: pa.Array) -> list[str | bytes]:
    try:
        texts: list[str | bytes] = column.cast(pa.string()).to_pylist()
    except pa.ArrowInvalid:
        return [_text(value) for value in column.to_pylist()]
    return texts


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
