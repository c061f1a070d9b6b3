"""Vectors of `xs1`: a generator that writes them, and checks that read them and run this program against each."""
