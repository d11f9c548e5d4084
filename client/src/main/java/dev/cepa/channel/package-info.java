/**
 * One TLS link to one relay, shared by its circuits (tor-spec sections 2 to 4 and 7; padding-spec section 2): connecting,
 * the link handshake with its certificates, writing whole batches of cells, dispatching inbound cells to circuits.
 */
@NullMarked
package dev.cepa.channel;

import org.jspecify.annotations.NullMarked;
