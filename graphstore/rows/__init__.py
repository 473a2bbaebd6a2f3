"""Values of the domain as rows of plain values, and back: the same for all adapters. Times are microseconds since
1970 in UTC, nested values JSON."""
