package dev.cepa.proxy;

import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** The ways that programs have into Tor. */
public enum ListenerKind {
    /** SOCKS 4, 4a and 5 ({@code SocksPort}). */
    SOCKS("Socks"),
    /** CONNECT of HTTP ({@code HTTPTunnelPort}). */
    HTTP_TUNNEL("HTTP tunnel"),
    /** Questions of DNS clients, by UDP and TCP ({@code DNSPort}). */
    DNS("DNS"),
    /** Connections that a firewall leads there ({@code TransPort}). */
    TRANSPARENT("Transparent pf/netfilter");

    private final String title;

    ListenerKind(String title) {
        this.title = title;
    }

    /** What C tor's log calls it. */
    public String title() {
        return title;
    }

    /** The event that says that one is open there. */
    public TorEvent.ListenerOpened opened(SocketAddress address) {
        return new TorEvent.ListenerOpened(title, StreamListener.text(address));
    }

    /**
     * Opens such a port.
     *
     * @param address of a port, 0 for any free one; or, for SOCKS and HTTP, of a socket in the file system
     * @param services what is done with requests
     * @throws TorException of kind CONFIG if the address can't be had
     */
    public Listener open(SocketAddress address, PortSettings settings, ProgramRequests services, TorEvents events)
            throws TorException {
        return this == DNS
                ? DnsListener.open((InetSocketAddress) address, settings, services, events)
                : StreamListener.open(this, address, settings, services, events);
    }
}
