package dev.cepa.daemon;

import dev.cepa.daemon.control.ControlPort;
import dev.cepa.error.TorException;
import dev.cepa.proxy.SocketFileMode;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The values of {@code ControlPort} and {@code ControlSocket}. */
final class ControlLines {
    private ControlLines() {}

    /**
     * Reads them all.
     *
     * @param warnings told about ports that others can reach, or that let in everybody
     * @return empty if there is to be no control port
     * @throws TorException of kind CONFIG that says which line is wrong and why
     */
    static List<ControlPort> readAll(Settings settings, List<String> warnings) throws TorException {
        boolean guarded = settings.flag("CookieAuthentication")
                || settings.isSet("HashedControlPassword")
                || settings.isSet("__HashedControlSessionPassword");
        List<ControlPort> ports = new ArrayList<>();
        ConfigLine disabling = null;
        for (ConfigLine line : settings.lines("ControlPort")) {
            PortPlace place = PortPlace.read(line, "ControlPort");
            SocketAddress address = place.address();
            SocketFileMode mode = mode(line, place, false);
            if (address == null) {
                disabling = line;
            } else if (mayListen(line, place, address, guarded, warnings)) {
                ports.add(new ControlPort(address, mode));
            }
        }
        if (disabling != null && !ports.isEmpty()) {
            throw Settings.bad(disabling, "You specified a nonzero ControlPort along with 'ControlPort 0' in the same "
                    + "configuration. Did you mean to disable ControlPort or not?");
        }
        boolean open = !guarded && !ports.isEmpty();
        for (ConfigLine line : settings.lines("ControlSocket")) {
            if (line.value().equals("0")) {
                continue;
            }
            String value = line.value().startsWith("unix:") ? line.value() : "unix:" + line.value();
            PortPlace place = PortPlace.read(line.withValue(value), "ControlSocket");
            SocketAddress address = place.address();
            if (address != null) {
                ports.add(new ControlPort(address, mode(line, place, settings.flag("ControlSocketsGroupWritable"))));
            }
        }
        if (open) {
            warnings.add("ControlPort is open, but no authentication method has been configured. This means that any program on "
                    + "your computer can reconfigure your Tor. That's bad! Set CookieAuthentication or HashedControlPassword.");
        }
        return ports;
    }

    private static boolean mayListen(
            ConfigLine line, PortPlace place, SocketAddress address, boolean guarded, List<String> warnings) {
        if (!(address instanceof InetSocketAddress inet) || inet.getAddress().isLoopbackAddress()) {
            return true;
        }
        if (!guarded) {
            warnings.add(line.place() + ": You have a ControlPort set to accept unauthenticated connections from a non-local "
                    + "address. This means that programs not running on your computer can reconfigure your Tor, without even "
                    + "having to guess a password. That's so bad that I'm closing your ControlPort for you. If you need to "
                    + "control your Tor remotely, enable authentication and use a tool like ssh to encrypt remote access.");
            return false;
        }
        warnings.add(line.place() + ": You have a ControlPort set to accept connections from a non-local address, "
                + place.text() + ". This means that programs not running on your computer can reconfigure your Tor. What they "
                + "say, passwords too, is not encrypted.");
        return true;
    }

    private static SocketFileMode mode(ConfigLine line, PortPlace place, boolean group) throws TorException {
        boolean world = false;
        boolean forGroup = group;
        boolean relaxed = false;
        Words words = new Words(place.rest());
        for (String word = words.next(); word != null; word = words.next()) {
            if (!(place.address() instanceof UnixDomainSocketAddress)) {
                throw Settings.bad(line, "Invalid " + line.key() + " option '" + word + "': only a unix socket has options");
            }
            switch (word.toLowerCase(Locale.ROOT)) {
                case "groupwritable" -> forGroup = true;
                case "worldwritable" -> world = true;
                case "relaxdirmodecheck" -> relaxed = true;
                default -> throw Settings.bad(line, "Invalid " + line.key() + " option '" + word + "'");
            }
        }
        return new SocketFileMode(forGroup, world, relaxed);
    }
}
