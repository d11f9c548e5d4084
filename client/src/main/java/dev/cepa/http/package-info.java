/**
 * A {@link java.net.http.HttpClient} whose connections are streams through Tor: HTTP/1.1 (RFC 9112) with and without TLS,
 * names resolved by the exit. The JDK's own client can neither be given sockets nor speak SOCKS, so this one is a client
 * of its own behind the JDK's abstract class. Uses only {@link dev.cepa.error} and the sockets it is handed.
 */
@NullMarked
package dev.cepa.http;

import org.jspecify.annotations.NullMarked;
