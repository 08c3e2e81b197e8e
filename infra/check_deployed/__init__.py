"""`make check-deployed BASE_URL=…`: whether a deployed stack does what it should.

Reads only, unless WRITE=1 lets it ask the upstream and store a few answers. With a client's key it
asks for the list of models, which is the upstream's.
"""
