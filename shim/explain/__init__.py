"""What an old line did, era by era, and what to write now; the cause and fix of an error.

Pure: no files, no processes, no network. What is pasted here may hold passwords: see ``masking``.
"""

from __future__ import annotations

from shim.explain.explaining import explain
from shim.explain.kind import Kind
from shim.explain.model import Cure, Elsewhere, Explanation, Modern, Story

__all__ = ["Cure", "Elsewhere", "Explanation", "Kind", "Modern", "Story", "explain"]
