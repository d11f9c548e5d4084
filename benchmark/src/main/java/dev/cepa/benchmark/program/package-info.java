/**
 * Benchmarks of client programs: each starts the program as a user would, in a process of its own, gives it work through its
 * SOCKS port and reads from the kernel what the work cost. Another program can do the same work in turns.
 */
@NullMarked
package dev.cepa.benchmark.program;

import org.jspecify.annotations.NullMarked;
