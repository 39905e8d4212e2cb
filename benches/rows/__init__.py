# SPDX-License-Identifier: MIT OR Apache-2.0
"""Rows of the benchmark, one module each: `run(bench, rounds)` gives a list of Figures."""
