"""How many clips a listing will come to, told from the videos that it has passed so far."""


class Forecast:
    """Told by whoever lists, in its thread; asked from any."""

    def __init__(self) -> None:
        self._videos: int | None = None
        self._passed = self._clips = self._of_passed = 0

    def begin(self, videos: int, *, last: bool) -> None:
        """Another source begins, of so many videos (0: it cannot tell). Before the last one nothing is foretold."""
        self._videos = self._passed + videos if last and videos else None

    def made(self) -> None:
        """A clip was made of the video that comes next to pass."""
        self._clips += 1

    def passed(self) -> None:
        """A video has passed, with all its clips; with none where it cannot be used."""
        self._passed += 1
        self._of_passed = self._clips

    def __call__(self) -> int | None:
        """About how many clips there will be: the videos to come are taken to be like those that came."""
        if self._videos is None or not self._of_passed:
            return None
        return round(self._of_passed * max(1.0, self._videos / self._passed))
