/** Micro-benchmarks of the hot inner parts, by JMH: {@code make microbenchmark}. */
package dev.cepa.benchmark.micro;
