"""Benchmarks: doclife beside a yardstick in the same run. An app of its own, so that its documents are real ones."""
