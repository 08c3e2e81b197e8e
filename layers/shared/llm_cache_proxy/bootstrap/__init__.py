"""The composition root: settings to adapters to pipeline; all other code is given its parts.

Lambda's roots and the local server's differ only in the adapters that they pick. An adapter is
imported where it is picked, so that a cold start pays only for those that it uses.
"""
