"""What differs between systems: locks, cores, priorities.

Imports nothing from core.
"""
