"""The typed string diagram: the one intermediate form, of which everything else is a functor."""
