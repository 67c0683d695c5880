"""An import of a million shipments while carriers go on posting: how fast, in how much memory, at whose expense."""
