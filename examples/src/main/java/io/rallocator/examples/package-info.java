/** The command line, the server and the demonstrations built on the collections. */
package io.rallocator.examples;
