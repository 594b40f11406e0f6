"""Loads every module that declares tables; the one place that knows them all."""

from __future__ import annotations

from importlib import import_module

MODEL_MODULES = (
    "core.files",
    "core.idempotency",
    "core.imports",
    "core.journal",
    "core.meta",
    "core.numbers",
    "core.outbox",
    "registry.models",
    "sampling.models.acceptance",
    "sampling.models.plans",
    "sampling.models.frames",
    "sampling.models.log",
    "sampling.models.records",
    "sampling.models.publication",
    "sampling.models.seats",
    "sampling.models.procedure",
    "traceability.models.ledger",
    "traceability.models.epcis",
    "traceability.models.statements",
    "traceability.models.graph",
    "traceability.models.control",
    "traceability.models.watch",
    "risk.models",
    "recall.models",
)

for module in MODEL_MODULES:
    import_module(module)
