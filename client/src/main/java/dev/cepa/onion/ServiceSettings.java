package dev.cepa.onion;

import dev.cepa.crypto.X25519;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a service of ours is run. Immutable; the defaults are C tor's.
 *
 * @param introPoints how many introduction points it has, 0 to {@value #MAX_INTRO_POINTS}; with 0 nobody can reach it
 * @param clients public X25519 keys of 32 bytes of those who may know where it is; none: everybody who knows its address.
 *     How many fit into a descriptor depends on the number of introduction points: 368 with three, 112 with 20
 * @param streams what one client may do with its circuit
 * @param proofOfWork how clients that work are preferred; null: none is asked to
 * @param introductionLimit what introduction points are told to pass on at most; null: they are told nothing
 * @param masters services whose clients are sent here as well (OnionBalance)
 */
public record ServiceSettings(
        int introPoints,
        List<byte[]> clients,
        Streams streams,
        @Nullable ProofOfWork proofOfWork,
        @Nullable IntroductionLimit introductionLimit,
        List<OnionAddress> masters) {
    /** C tor allows no more. */
    public static final int MAX_INTRO_POINTS = 20;
    /** Each costs a little with every introduction. */
    public static final int MAX_MASTERS = 16;

    /** Three introduction points, no bounds, open to all. */
    public static final ServiceSettings DEFAULT =
            new ServiceSettings(3, List.of(), new Streams(0, false, false, false), null, null, List.of());

    /**
     * What one client may do.
     *
     * @param most how many streams it may have at once; 0: as many as a circuit carries
     * @param closesCircuit whether a client that wants more loses its circuit, instead of that stream alone
     * @param unknownPortClosesCircuit whether one that asks for a port that is not served does
     * @param exportsCircuit whether servers are told, by a line of HAProxy's protocol, which client a stream is of
     */
    public record Streams(int most, boolean closesCircuit, boolean unknownPortClosesCircuit, boolean exportsCircuit) {
        /** @throws IllegalArgumentException if the number is out of range */
        public Streams {
            if (most < 0 || most > 65_535) {
                throw new IllegalArgumentException("streams of one client must be 0 to 65535, not " + most);
            }
        }
    }

    /**
     * That clients may work to be served first.
     *
     * @param rate clients that are met a second at most; 0: as many as come
     * @param burst how many more when it has been quiet; at least the rate
     */
    public record ProofOfWork(int rate, int burst) {
        /** C tor's. */
        public static final ProofOfWork DEFAULT = new ProofOfWork(250, 2500);

        /** @throws IllegalArgumentException if a number is out of range; the message says which */
        public ProofOfWork {
            if (rate < 0 || burst < rate) {
                throw new IllegalArgumentException(
                        "the burst of clients met, " + burst + ", can't be smaller than their rate, " + rate);
            }
        }
    }

    /**
     * What each introduction point passes on at most.
     *
     * @param rate introductions a second
     * @param burst how many at once when it has been quiet; at least the rate
     */
    public record IntroductionLimit(int rate, int burst) {
        /** C tor's. */
        public static final IntroductionLimit DEFAULT = new IntroductionLimit(25, 200);

        /** @throws IllegalArgumentException if a number is out of range; the message says which */
        public IntroductionLimit {
            if (rate < 0 || burst < rate) {
                throw new IllegalArgumentException(
                        "the burst of introductions, " + burst + ", can't be smaller than their rate, " + rate);
            }
        }
    }

    /** @throws IllegalArgumentException if a number is out of range; the message says which */
    public ServiceSettings {
        if (introPoints < 0 || introPoints > MAX_INTRO_POINTS) {
            throw new IllegalArgumentException(
                    "introduction points must be 0 to " + MAX_INTRO_POINTS + ", not " + introPoints);
        }
        for (byte[] client : clients) {
            if (client.length != X25519.LENGTH) {
                throw new IllegalArgumentException("a client's key of " + client.length + " bytes");
            }
        }
        if (masters.size() > MAX_MASTERS) {
            throw new IllegalArgumentException("more than " + MAX_MASTERS + " services in front of this one");
        }
        clients = List.copyOf(clients);
        masters = List.copyOf(masters);
    }

    /** With another number of introduction points. */
    public ServiceSettings withIntroPoints(int number) {
        return new ServiceSettings(number, clients, streams, proofOfWork, introductionLimit, masters);
    }

    /** For other clients. */
    public ServiceSettings withClients(List<byte[]> keys) {
        return new ServiceSettings(introPoints, keys, streams, proofOfWork, introductionLimit, masters);
    }

    /** With other rules for one client's streams. */
    public ServiceSettings withStreams(Streams rules) {
        return new ServiceSettings(introPoints, clients, rules, proofOfWork, introductionLimit, masters);
    }

    /** With another bound on one client's streams. */
    public ServiceSettings withMaxStreams(int number, boolean closesCircuit) {
        return withStreams(
                new Streams(number, closesCircuit, streams.unknownPortClosesCircuit, streams.exportsCircuit));
    }

    /** With clients that work preferred, or not. */
    public ServiceSettings withProofOfWork(@Nullable ProofOfWork work) {
        return new ServiceSettings(introPoints, clients, streams, work, introductionLimit, masters);
    }

    /** With introduction points told to pass on so much at most, or nothing. */
    public ServiceSettings withIntroductionLimit(@Nullable IntroductionLimit limit) {
        return new ServiceSettings(introPoints, clients, streams, proofOfWork, limit, masters);
    }

    /** Behind other services. */
    public ServiceSettings withMasters(List<OnionAddress> addresses) {
        return new ServiceSettings(introPoints, clients, streams, proofOfWork, introductionLimit, addresses);
    }
}
