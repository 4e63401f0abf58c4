"""The PyAV reader keeps the contract of frame readers."""

import pytest

from rocot.video.av_reader import AvReader
from rocot.video.protocol import FrameReader
from tests.contracts.frame_reader import FrameReaderContract


class TestAvReader(FrameReaderContract):
    @pytest.fixture
    def reader(self) -> FrameReader:
        return AvReader()
