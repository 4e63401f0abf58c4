"""Which texts say nearly the same: their runs of three words, MinHash, and groups that do not hang on who came first.

Two texts are alike if their sets of runs have a Jaccard index |A and B| / |A or B| at or above a threshold, which is
computed exactly. Who is compared with whom is found by MinHash (Broder, 1997) in bands of equal hashes: of pairs at
0.9 one in a thousand is missed, at 0.85 one in fifty, at 0.8 one in ten.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import islice

import apsw
import numpy as np
import numpy.typing as npt

from rocot.release.tokens import Counts, Hashes, hash_of, hashed, hashed_words

Runs = npt.NDArray[np.uint32]
"""Hashes of the runs of a text, ascending, each once; never empty."""

RUN = 3
"""Words."""
BANDS = 12
ROWS = 8
"""Hashes of a band: two texts meet in one with a chance of J^8."""
HELD = 2**20
"""Numbers of bands that are in memory at once: 8 MB."""
PAGE = 4096
"""Texts that are read at once."""
COMPARED = 16
"""Groups that a text is held against at most: those that it shares most bands with."""


@dataclass(frozen=True)
class Texts:
    """The runs of several texts, one after the other."""

    runs: Runs
    """Of each text those of `Runs`."""
    counts: Counts
    """How many are each text's."""

    def each(self) -> list[Runs]:
        """Those of each text."""
        return np.split(self.runs, np.cumsum(self.counts)[:-1]) if len(self.counts) else []

    def bands(self) -> Hashes:
        """A line for each text of one number a band: texts that have one in common may be alike."""
        factors, terms, powers, places = _drawn()
        runs, starts = self.runs.astype(np.uint64), np.cumsum(self.counts) - self.counts
        least = np.empty((len(factors), len(starts)), np.uint64)
        mixed = np.empty_like(runs)
        for line, factor, term in zip(least, factors, terms, strict=True) if len(starts) else ():
            np.multiply(runs, factor, out=mixed)
            np.add(mixed, term, out=mixed)
            np.minimum.reduceat(mixed, starts, out=line)
        least >>= np.uint64(32)  # the least upper half is that of the least number
        rows = least.T.reshape(len(starts), BANDS, ROWS) * powers
        keys: Hashes = rows.sum(axis=2, dtype=np.uint64) * np.uint64(BANDS) + places
        return keys


def texts_of(texts: Sequence[str], *, numbers: bool = True) -> Texts:
    """The runs of three words of each text, hashed. Without `numbers` neither these nor single letters count as words.

    What holds for one text holds for many: they are taken together since that is quicker, and for nothing else.
    """
    words, counts = hashed_words(texts, numbers=numbers)
    padded_counts = np.maximum(counts, RUN)
    ends = np.cumsum(padded_counts)
    padded = np.zeros(int(ends[-1]) if len(ends) else 0, np.uint64)
    shift = (ends - padded_counts) - (np.cumsum(counts) - counts)
    padded[np.arange(len(words)) + np.repeat(shift, counts)] = words
    mixed = padded[:-2] * _odd(0) + padded[1:-1] * _odd(1) + padded[2:] * _odd(2)
    within = np.ones(len(mixed), bool)
    within[ends[:-1] - 1] = within[ends[:-1] - 2] = False  # runs that go on into the next text
    return _sets(mixed[within], padded_counts - 2)


def sets_of(sets: Sequence[Collection[str]]) -> Texts:
    """Sets of words, none empty, each word a run of its own."""
    counts = np.fromiter(map(len, sets), np.int64, len(sets))
    return _sets(hashed([word for words in sets for word in words]), counts)


def runs_of(text: str, *, numbers: bool = True) -> Runs:
    """As `texts_of`, of one text."""
    return texts_of([text], numbers=numbers).runs


def _sets(mixed: Hashes, counts: Counts) -> Texts:
    """The upper halves, of each text ascending, each once."""
    keys = np.repeat(np.arange(len(counts), dtype=np.uint64) << np.uint64(32), counts) | (mixed >> np.uint64(32))
    keys.sort()
    first = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    keys = keys[first]
    left = np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=len(counts))
    return Texts(keys.astype(np.uint32), left)


def stored(octets: bytes) -> Runs:
    """Runs from the bytes of their array."""
    return np.frombuffer(octets, np.uint32)


def stored_bands(octets: bytes) -> Hashes:
    """Bands from the bytes of their array."""
    return np.frombuffer(octets, np.uint64)


def jaccards(one: Runs, others: Sequence[Runs]) -> list[float]:
    """|A and B| / |A or B|, 0 to 1, of a text with each of the others: sixteen at once take half the time."""
    if not others:
        return []
    sizes = np.fromiter(map(len, others), np.int64, len(others))
    each = np.concatenate(others)
    places = np.searchsorted(one, each)
    places[places == len(one)] = 0
    both = np.add.reduceat(one[places] == each, np.cumsum(sizes) - sizes, dtype=np.int64)
    likes: list[float] = (both / (len(one) + sizes - both)).tolist()
    return likes


def bands_of(runs: Runs) -> Hashes:
    """As `Texts.bands`, of one text."""
    bands: Hashes = Texts(runs, np.array([len(runs)])).bands()[0]
    return bands


def find_meetings(database: apsw.Connection, table: str, name: str, held: int = HELD) -> None:
    """Fills a table `<name>_met` with the members whose text shares a band with another's.

    Who shares none is like nobody, and of texts that differ hardly one does.
    `table` has the bands of each member's text in a column `<name>_bands`, as the bytes of their array. The numbers are
    sorted a part at a time, each part those with one remainder, some `held` of them, so that memory stays flat.
    """
    database.execute(f"CREATE TABLE {name}_met (member INTEGER PRIMARY KEY)")
    count = int(str(database.execute(f"SELECT count(*) FROM {table}").get))  # noqa: S608  # names of ours
    parts = np.uint64(1 + BANDS * count // held)
    for part in range(int(parts)):
        keys = [page[page % parts == part] for _, page in _pages(database, table, name)]
        ordered = np.sort(np.concatenate(keys)) if keys else np.empty(0, np.uint64)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        for members, page in _pages(database, table, name) if twice.size else ():
            met = members[np.isin(page, twice).any(axis=1)]
            database.executemany(
                f"INSERT OR IGNORE INTO {name}_met VALUES (?)",  # noqa: S608
                [(int(member),) for member in met],
            )


def _pages(database: apsw.Connection, table: str, name: str) -> Iterator[tuple[npt.NDArray[np.int64], Hashes]]:
    """Members, and a line of bands for each."""
    rows = database.execute(f"SELECT member, {name}_bands FROM {table} ORDER BY member")  # noqa: S608
    while page := list(islice(rows, PAGE)):
        keys = np.frombuffer(b"".join([octets for _, octets in page]), np.uint64)
        yield np.array([member for member, _ in page], np.int64), keys.reshape(-1, BANDS)


class Groups:
    """Texts by likeness, in a database of the disk's, so that memory stays flat.

    The first text leads a group; one that comes later joins the group whose leader it is most like, at or above the
    threshold, or leads one of its own. So who joins whom hangs on the order in which they are handed in: hand them
    in sorted.
    """

    def __init__(self, database: apsw.Connection, name: str, least: float) -> None:
        """`name` names the tables, `least` is the Jaccard index from which on two texts are alike."""
        self._database, self._name, self._least = database, name, least
        database.execute(
            f"""
            CREATE TABLE {name}_leader (member INTEGER PRIMARY KEY, place TEXT, runs BLOB, mark INTEGER);
            CREATE INDEX {name}_leader_by_mark ON {name}_leader (mark);
            CREATE TABLE {name}_band (place TEXT, key INTEGER, leader INTEGER,
                                      PRIMARY KEY (place, key, leader)) WITHOUT ROWID
            """
        )

    def join(self, place: str, member: int, runs: Runs, keys: Hashes) -> tuple[int, float]:
        """The leader of the group that a text is in, and how much it is like that one; a leader is its own.

        `keys` are the bands of its runs. Only texts of one `place` are compared.
        """
        octets = runs.tobytes()
        mark = int.from_bytes(blake2b(octets, digest_size=8).digest(), signed=True)
        # Many reflections name the same of their answers: of 55,000 in a run of 60,000 rows 47,000 are found here.
        same = f"SELECT member FROM {self._name}_leader WHERE mark = ? AND place = ? AND runs = ?"  # noqa: S608  # a name of ours
        if (twin := self._database.execute(same, (mark, place, octets)).fetchone()) is not None:
            return int(twin[0]), 1.0
        bands: list[int] = keys.view(np.int64).tolist()
        like, leader = max(self._near(place, bands, runs), default=(0.0, 0))
        if like >= self._least:
            return -leader, like
        self._database.execute(f"INSERT INTO {self._name}_leader VALUES (?, ?, ?, ?)", (member, place, octets, mark))  # noqa: S608
        self._database.executemany(
            f"INSERT OR IGNORE INTO {self._name}_band VALUES (?, ?, ?)",  # noqa: S608
            [(place, band, member) for band in bands],
        )
        return member, 1.0

    def _near(self, place: str, bands: list[int], runs: Runs) -> Iterable[tuple[float, int]]:
        """How much a text is like the leaders that it shares most bands with, and their numbers, negative."""
        marks = ", ".join("?" * BANDS)
        query = (
            f"SELECT leader, runs FROM (SELECT leader FROM {self._name}_band WHERE place = ? AND key IN ({marks})"  # noqa: S608
            f" GROUP BY leader ORDER BY count(*) DESC, leader LIMIT {COMPARED})"
            f" JOIN {self._name}_leader ON member = leader"
        )
        leaders, others = list[int](), list[Runs]()
        for leader, octets in self._database.execute(query, (place, *bands)):
            leaders.append(-leader)
            others.append(stored(octets))
        return zip(jaccards(runs, others), leaders, strict=True)


@cache
def _odd(index: int) -> np.uint64:
    """The same in every process and every version of numpy."""
    return np.uint64(hash_of(f"factor {index}".encode()) | 1)


@cache
def _drawn() -> tuple[Hashes, Hashes, Hashes, Hashes]:
    """Factors and terms of the hash functions x -> (a x + b mod 2^64) / 2^32, and what puts those of a band in one."""
    count = range(BANDS * ROWS)
    return (
        np.array([hash_of(f"a {index}".encode()) | 1 for index in count], np.uint64),
        np.array([hash_of(f"b {index}".encode()) for index in count], np.uint64),
        np.array([_odd(index) for index in range(ROWS)], np.uint64),
        np.arange(BANDS, dtype=np.uint64),
    )
