"""Names bound, types given, diagrams made: from syntax trees to what every later stage works on."""
