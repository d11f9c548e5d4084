/** Circuits for streams: chooses paths, builds circuits over guards, keeps clean ones ready, retires old ones. */
@NullMarked
package dev.cepa.pool;

import org.jspecify.annotations.NullMarked;
