"""What each act does beyond changing the state: the table that joins the three chapters."""

from __future__ import annotations

from collections.abc import Callable

from sampling.maths.procedure_words import Act
from sampling.service.procedure import effects_failure, effects_result, effects_sampling
from sampling.service.procedure.step import Step

Effect = Callable[[Step], None]

EFFECTS: dict[Act, Effect] = {
    **effects_sampling.EFFECTS,
    **effects_result.EFFECTS,
    **effects_failure.EFFECTS,
}
