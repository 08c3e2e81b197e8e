"""The composition root: settings to adapters to pipeline; everything else is handed its parts.

Lambda's roots and the local server's differ only in the adapters that they pick. Adapters are
imported where they are picked, so that a cold start pays for those alone that it uses.
"""
