"""Conformance suites and small made-up data for tests."""
