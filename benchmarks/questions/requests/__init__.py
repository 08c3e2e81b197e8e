"""What requests cost on servers: hits and misses, alone and beside a peer."""
