/** The {@code rdma} fabric: one-sided verbs on InfiniBand and RoCE through DiSNI. */
package io.rallocator.allocator.rdma;
