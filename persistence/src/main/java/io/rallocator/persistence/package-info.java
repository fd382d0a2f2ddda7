/**
 * What the bytes of a pool mean and how they survive: the port to non-volatile memory, the layout, the superblock, the
 * words that check themselves, the file and its locks, and the checker. Knows no network and no collection.
 */
package io.rallocator.persistence;
