/** Listeners that let other programs in: SOCKS (RFC 1928, 1929; socks-extensions). */
@NullMarked
package dev.cepa.proxy;

import org.jspecify.annotations.NullMarked;
