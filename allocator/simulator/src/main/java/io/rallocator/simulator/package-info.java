/**
 * A machine that is simulated: memory whose unpersisted lines may be lost, and processes of which one runs at a time, in an
 * order that follows from a seed. For tests of structures, ours and others'.
 */
package io.rallocator.simulator;
