"""A small trading engine that learns which of its explanations people find helpful.

Real prices become signals, signals become explanations, readers vote on them,
and the library behind it finds out which wording is best.
"""
