package dev.cepa.daemon.control;

import dev.cepa.OnionServiceKey;
import dev.cepa.error.TorException;
import dev.cepa.onion.AuthorizedClients;
import dev.cepa.onion.ServiceSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What ADD_ONION asks for (control-spec section 3.27), taken apart as C tor does it, with its words for what is wrong. Immutable.
 *
 * @param key {@code KeyType:KeyBlob}, secret
 * @param ports at least one
 * @param clients those who may find the service, as written
 */
record NewOnion(
        String key, List<OnionTarget> ports, List<String> clients, int maxStreams, boolean closesCircuit, boolean discardsKey,
        boolean detached, boolean authorizes, boolean nonAnonymous, ServiceSettings.@Nullable ProofOfWork proofOfWork) {
    /** More ports and clients than any service has; a line of a MiB could have more. */
    private static final int MOST = 4096;

    private static final Arguments.Syntax SYNTAX = Arguments.Syntax.keywords(
            1, "Port", "Flags", "MaxStreams", "ClientAuth", "ClientAuthV3", "PoWDefensesEnabled", "PoWQueueRate",
            "PoWQueueBurst");

    static NewOnion parse(Request request) throws Refusal {
        return parse(Arguments.parse(request, SYNTAX));
    }

    /** The same of a line alone. */
    static NewOnion parse(String line) throws Refusal {
        return parse(Arguments.parse(line, SYNTAX));
    }

    private static NewOnion parse(Arguments arguments) throws Refusal {
        Collector found = new Collector();
        for (Arguments.Keyword keyword : arguments.keywords()) {
            found.add(keyword.key().toLowerCase(Locale.ROOT), keyword.text());
        }
        return found.result(arguments.words().getFirst());
    }

    private static final class Collector {
        private final List<OnionTarget> ports = new ArrayList<>();
        private final List<String> clients = new ArrayList<>();
        private int maxStreams;
        private boolean closesCircuit;
        private boolean discardsKey;
        private boolean detached;
        private boolean authorizes;
        private boolean nonAnonymous;
        private boolean works;
        private int rate = ServiceSettings.ProofOfWork.DEFAULT.rate();
        private int burst = ServiceSettings.ProofOfWork.DEFAULT.burst();

        void add(String key, String value) throws Refusal {
            switch (key) {
                case "port" -> port(value);
                case "flags" -> flags(value);
                case "maxstreams" -> maxStreams = number("MaxStreams", value, 65_535);
                case "powdefensesenabled" -> works = number("PoWDefensesEnabled", value, 1) == 1;
                case "powqueuerate" -> rate = number("PoWQueueRate", value, Integer.MAX_VALUE);
                case "powqueueburst" -> burst = number("PoWQueueBurst", value, Integer.MAX_VALUE);
                case "clientauthv3" -> client(value);
                // C tor does not answer at all.
                default -> throw new Refusal(512, "Client authorization of version 2 does not exist any more");
            }
            if (ports.size() > MOST || clients.size() > MOST) {
                throw new Refusal(512, "Too many arguments");
            }
        }

        private void port(String value) throws Refusal {
            OnionTarget target = OnionTarget.parse(value);
            if (target == null) {
                throw new Refusal(512, "Invalid VIRTPORT/TARGET");
            }
            ports.add(target);
        }

        private void client(String value) throws Refusal {
            try {
                AuthorizedClients.parse(value);
            } catch (TorException e) {
                throw new Refusal(512, "Cannot decode v3 client auth key");
            }
            clients.add(value);
        }

        private void flags(String value) throws Refusal {
            List<String> flags = Arguments.items(value);
            if (flags.isEmpty()) {
                throw new Refusal(512, "Invalid 'Flags' argument");
            }
            for (String flag : flags) {
                switch (flag.toLowerCase(Locale.ROOT)) {
                    case "discardpk" -> discardsKey = true;
                    case "detach" -> detached = true;
                    case "maxstreamsclosecircuit" -> closesCircuit = true;
                    case "v3auth" -> authorizes = true;
                    case "nonanonymous" -> nonAnonymous = true;
                    default -> throw new Refusal(512, "Invalid 'Flags' argument: " + Quoted.of(flag));
                }
            }
        }

        private static int number(String name, String value, int most) throws Refusal {
            long number = value.isEmpty() ? -1 : 0;
            for (int i = 0; number >= 0 && i < value.length(); i++) {
                int digit = value.charAt(i) - '0';
                number = digit < 0 || digit > 9 || number > most ? -1 : 10 * number + digit;
            }
            if (number < 0 || number > most) {
                throw new Refusal(512, "Invalid " + name);
            }
            return (int) number;
        }

        NewOnion result(String key) throws Refusal {
            if (ports.isEmpty()) {
                throw new Refusal(512, "Missing 'Port' argument");
            }
            if (!authorizes && !clients.isEmpty()) {
                throw new Refusal(512, "No auth type specified");
            }
            if (authorizes && clients.isEmpty()) {
                throw new Refusal(512, "No auth clients specified");
            }
            // A burst below the rate means nothing: C tor takes it, and its queue is never longer than the rate either.
            ServiceSettings.ProofOfWork work = works ? new ServiceSettings.ProofOfWork(rate, Math.max(rate, burst)) : null;
            return new NewOnion(
                    key, List.copyOf(ports), List.copyOf(clients), maxStreams, closesCircuit, discardsKey, detached,
                    authorizes, nonAnonymous, work);
        }
    }

    /** Whether a key is to be made. */
    boolean wantsNewKey() {
        return key.regionMatches(true, 0, "NEW:", 0, 4);
    }

    /**
     * The key, made or read; the caller wipes it.
     *
     * @throws Refusal that does not repeat it
     */
    OnionServiceKey serviceKey() throws Refusal {
        int colon = key.indexOf(':');
        if (colon <= 0 || colon == key.length() - 1 || key.indexOf(':', colon + 1) >= 0) {
            throw new Refusal(512, "Invalid key type/blob");
        }
        String type = key.substring(0, colon).toUpperCase(Locale.ROOT);
        String blob = key.substring(colon + 1);
        if (type.equals("NEW") && (blob.equalsIgnoreCase("BEST") || blob.equalsIgnoreCase("ED25519-V3"))) {
            return OnionServiceKey.generate();
        }
        if (!type.equals("ED25519-V3")) {
            throw new Refusal(513, "Invalid key type");
        }
        try {
            return OnionServiceKey.parse(type + ":" + blob);
        } catch (TorException e) {
            throw new Refusal(512, "Failed to decode ED25519-V3 key");
        }
    }

    /** Nothing secret. */
    @Override
    public String toString() {
        return "onion service with ports " + ports;
    }
}
