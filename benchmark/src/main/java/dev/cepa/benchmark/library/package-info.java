/** Benchmarks of the library: the client runs in this JVM, and is used and observed through its public API alone. */
@NullMarked
package dev.cepa.benchmark.library;

import org.jspecify.annotations.NullMarked;
