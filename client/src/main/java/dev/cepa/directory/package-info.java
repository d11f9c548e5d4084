/**
 * Keeps the directory: consensus, certificates and microdescriptors fetched over one-hop circuits, verified, kept on disk
 * in C tor's formats and refreshed on time (dir-spec section 5).
 */
@NullMarked
package dev.cepa.directory;

import org.jspecify.annotations.NullMarked;
