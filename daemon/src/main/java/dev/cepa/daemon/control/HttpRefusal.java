package dev.cepa.daemon.control;

/** What a browser is told that takes the control port for a proxy. */
final class HttpRefusal {
    static final String TEXT = "HTTP/1.0 501 Tor ControlPort is not an HTTP proxy\r\n"
            + "Content-Type: text/html; charset=iso-8859-1\r\n\r\n"
            + "<html><head><title>Tor's ControlPort is not an HTTP proxy</title></head><body>\n"
            + "<h1>Tor's ControlPort is not an HTTP proxy</h1>\n"
            + "<p>Your browser uses the control port of Tor as if it were an HTTP proxy. It is none. Have it use the SocksPort, "
            + "which is 9050 unless the configuration says otherwise.</p>\n"
            + "</body></html>\n";

    private HttpRefusal() {}

    /** Whether a line that begins so is a request of HTTP. */
    static boolean isHttp(String keyword) {
        return switch (keyword) {
            case "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT" -> true;
            default -> false;
        };
    }
}
