/**
 * Who owns which bytes and how to reach them: the local fabric, the blade and its agent, worker sessions with their
 * lanes, the slab protocol, the block allocator, epochs and recovery. Knows no collection.
 */
package io.rallocator.allocator;
