"""The embedded teacher: a classical-vision baseline that runs in this process, with no key, GPU or download.

It measures motion, light and layout in the frames that it is sent. It is no language model and understands nothing.
"""
