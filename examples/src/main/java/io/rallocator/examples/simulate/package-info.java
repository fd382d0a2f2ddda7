/** Histories of workers that are killed, stopped and cut off in a simulated machine, and what must be true of them. */
package io.rallocator.examples.simulate;
