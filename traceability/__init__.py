"""Two-way tracing of lots through the hands that held them."""
