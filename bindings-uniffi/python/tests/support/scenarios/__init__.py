"""Runs the scenarios of tests/scenarios on the public API."""
