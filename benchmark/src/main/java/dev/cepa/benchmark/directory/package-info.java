/** A directory of the public network's size for a private network, signed by that network's own authorities. */
@NullMarked
package dev.cepa.benchmark.directory;

import org.jspecify.annotations.NullMarked;
