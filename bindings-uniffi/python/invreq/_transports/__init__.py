"""Transports for hosts that have nothing but a socket."""
