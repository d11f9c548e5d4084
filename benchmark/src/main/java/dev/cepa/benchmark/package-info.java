/**
 * Benchmarks of a Tor client on real relays: what is measured, the numbers, and the command {@code cepa benchmark}. A new
 * benchmark is one class that implements {@link dev.cepa.benchmark.Benchmark}; those named in
 * {@code META-INF/services/dev.cepa.benchmark.Benchmark} are found by the command.
 */
@NullMarked
package dev.cepa.benchmark;

import org.jspecify.annotations.NullMarked;
