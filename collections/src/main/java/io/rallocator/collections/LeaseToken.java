package io.rallocator.collections;

/**
 * What a consumer knows of its lease. While its session lives nobody else ends the lease, so the word, but for its tag, stays
 * what it was, whichever epoch it is.
 *
 * @param table of the queue
 * @param wordOffset of the lease word
 * @param word what it was set to
 * @param deliveries of the element, this one included
 */
record LeaseToken(QueueTable table, long wordOffset, long word, int deliveries) {}
