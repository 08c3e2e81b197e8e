"""The stack on AWS: built, deployed, tidied and tried."""
