"""Grammars that two or more carriers speak, each in a module of its own."""
