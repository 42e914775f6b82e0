"""Networks to Python source: one class a network, one statement a box, built as syntax trees."""
