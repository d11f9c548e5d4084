/** Client programs as a user runs them, each in a process of its own, and what the kernel says of such a process. */
@NullMarked
package dev.cepa.benchmark.process;

import org.jspecify.annotations.NullMarked;
