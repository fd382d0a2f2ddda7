/** The command line: serve, look at and check a pool, and show what it survives. */
package io.rallocator.examples.cli;
