"""onnxruntime, imported as this process has to: without its reports, and ahead of usearch.

Official builds from 1.29 report to their maker unless a variable is set before the import
(https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md). And a process that has
imported usearch (2.26) ends with a segmentation fault when it imports onnxruntime (1.32) later,
in any thread; the other way round both work. So what imports usearch imports this first.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime  # type: ignore[import-untyped]

onnxruntime.disable_telemetry_events()

__all__ = ["onnxruntime"]
