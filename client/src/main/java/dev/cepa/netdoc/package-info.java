/**
 * Tor's directory documents: parsing and verifying consensuses, microdescriptors and authority certificates, applying
 * consensus diffs (dir-spec), and {@link dev.cepa.netdoc.NetDir}, the columnar snapshot of the network. Does no I/O.
 */
@NullMarked
package dev.cepa.netdoc;

import org.jspecify.annotations.NullMarked;
