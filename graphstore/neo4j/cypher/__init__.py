"""Every Cypher statement there is, one module for each noun.

A statement is a constant, or is put together from constants by what kind of page or filter is asked for: values are
parameters, always. One that reads returns one record with one value, since a record is dear: mostly a list of rows,
`collect([c.id, c.name, ...])`. `READS` in each module lists those that read, by name: a test explains each of them.
"""
