package dev.cepa.examples;

import com.sun.net.httpserver.HttpServer;
import dev.cepa.HostedOnionService;
import dev.cepa.OnionServiceKey;
import dev.cepa.TorClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Hosts a web page as an onion service: anybody can read it with Tor, and nobody can tell where it is. */
public final class OnionPage {
    static HostedOnionService host(TorClient tor, byte[] page) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", request -> {
            request.sendResponseHeaders(200, page.length);
            request.getResponseBody().write(page);
            request.close();
        });
        server.start();
        return tor.onionService(OnionServiceKey.generate()).port(80, server.getAddress()).start();
    }

    /** Prints the page's address, and serves it until the program is stopped. */
    public static void main(String[] args) throws IOException, InterruptedException {
        try (TorClient tor = TorClient.connect()) {
            HostedOnionService service = host(tor, "<h1>Hello</h1>".getBytes(StandardCharsets.US_ASCII));
            System.out.println("In a few seconds: http://" + service.address() + "/");
            Thread.currentThread().join();
        }
    }
}
