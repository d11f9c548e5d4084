package dev.cepa.daemon.control;

/** Who may come in (control-spec section 3.5). Thread-safe. */
final class ControlAuth {
    private final ControlHost host;

    ControlAuth(ControlHost host) {
        this.host = host;
    }

    /** How far one connection is. Owned by its reading thread, but for whether it is authenticated. */
    static final class Session {
        private volatile boolean authenticated;
        private boolean toldProtocol;

        boolean isAuthenticated() {
            return authenticated;
        }

        void authenticate() {
            authenticated = true;
        }

        /** Whether a command is one that may be given now. */
        boolean allows(String keyword) {
            return authenticated || switch (keyword) {
                case "PROTOCOLINFO" -> !toldProtocol;
                case "AUTHCHALLENGE", "AUTHENTICATE" -> true;
                default -> false;
            };
        }

        void noteProtocolInfo() {
            toldProtocol = true;
        }
    }

    Session session() {
        return new Session();
    }

    /** What PROTOCOLINFO says after {@code AUTH}. */
    String methods() {
        return "METHODS=" + (host.options().flag("CookieAuthentication") ? "COOKIE" : "NULL");
    }

    /** AUTHENTICATE. */
    Reply authenticate(Request request) {
        if (host.options().flag("CookieAuthentication")) {
            return Reply.error(515, "Authentication failed: not possible yet").closing();
        }
        request.connection().session().authenticate();
        return Reply.ok();
    }
}
