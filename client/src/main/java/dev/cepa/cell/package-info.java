/**
 * Bytes to cells and relay messages, and back (tor-spec sections 3, 4 and 6; proposal 340 is not deployed). Also the few
 * small value types that every room on the wire shares: identities, link specifiers, readers and writers of bytes.
 * Uses only {@link dev.cepa.error}; does no I/O and no cryptography.
 */
@NullMarked
package dev.cepa.cell;

import org.jspecify.annotations.NullMarked;
