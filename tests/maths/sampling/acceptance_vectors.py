"""Reference numbers of acceptance sampling, typed with their origin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[2] / "vectors" / "acceptance.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
