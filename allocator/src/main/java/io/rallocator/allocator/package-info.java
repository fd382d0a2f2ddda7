/** The recoverable allocator on top of persistent regions. */
package io.rallocator.allocator;
