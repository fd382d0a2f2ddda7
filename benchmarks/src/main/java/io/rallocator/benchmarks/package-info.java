/** JMH micro-benchmarks and latency measurements of the allocator and the collections. */
package io.rallocator.benchmarks;
