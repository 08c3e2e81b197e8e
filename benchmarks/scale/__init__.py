"""How the deployed shape behaves from 10 to 5,000 requests a second: `make scale`.

A discrete simulation with durations that were measured and limits that are published. It is a
model: nothing in AWS was loaded for it.
"""
