"""What the OpenAPI document says of itself."""

from __future__ import annotations

from typing import Any

VERSION = "0.1.0"

OPENAPI: dict[str, Any] = {
    "API_TITLE": "质衡 Zhiheng",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/api/v1",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {
            "description": (
                "Product-quality supervision: verifiable random sampling, two-way tracing, "
                "statistical early warning, recalls. Refusals are RFC 9457 problems. Lists are "
                "paged by cursor with exact totals. Changes need If-Match. A POST may carry an "
                "Idempotency-Key."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    },
}
