/** Persistent concurrent collections on top of the recoverable allocator. */
package io.rallocator.collections;
