/**
 * The program behind {@code bin/rallocator bench}: what recovery costs, how the collections compare with others' in the same
 * run, and what an operation costs in round trips. Results are ratios of interleaved runs, with their ranges.
 */
package io.rallocator.benchmarks;
