/** Verbs over TCP: a blade executes the chains of workers on other hosts. See docs/wire-format.md. */
package io.rallocator.allocator.tcp;
