"""The loop that feeds the engine, and the handle on it."""
