"""Use cases of sampling, one module each: from plan to draw to result."""
