"""The stores that come with the library, and what is done with a whole store."""
