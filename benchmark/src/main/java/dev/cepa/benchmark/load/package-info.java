/** Work for a client program: streams through its SOCKS port that move bytes, every one of which is checked. */
@NullMarked
package dev.cepa.benchmark.load;

import org.jspecify.annotations.NullMarked;
