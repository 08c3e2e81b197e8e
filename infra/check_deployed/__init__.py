"""`make check-deployed BASE_URL=…`: whether a deployed stack does what it should.

Reads only, unless WRITE=1 lets it ask the upstream and store a few answers.
"""
