"""OpenCV as its documentation shows it: set the position, read."""

import cv2
import numpy as np

from benchmarks.readers.task import Given, Picture, Task


def exact(task: Task) -> Given:
    """To RGB."""
    pictures: list[Picture] = []
    capture = cv2.VideoCapture(str(task.path))
    for number in task.numbers:
        capture.set(cv2.CAP_PROP_POS_FRAMES, number)
        found, picture = capture.read()
        if found:
            pictures.append(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8))
    capture.release()
    return Given(pictures=pictures)
