package dev.cepa.cell;

import dev.cepa.error.ProtocolException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A message by which onion services and their clients meet (rend-spec-v3 sections 3 and 4). */
public sealed interface OnionMessage extends RelayMessage {
    /** Relay commands. */
    int ESTABLISH_INTRO = 32;

    int ESTABLISH_RENDEZVOUS = 33;
    int INTRODUCE1 = 34;
    int INTRODUCE2 = 35;
    int RENDEZVOUS1 = 36;
    int RENDEZVOUS2 = 37;
    int INTRO_ESTABLISHED = 38;
    int RENDEZVOUS_ESTABLISHED = 39;
    int INTRODUCE_ACK = 40;

    /**
     * Makes a relay the rendezvous point of whoever names the cookie (rend-spec-v3 section 4.1).
     *
     * @param cookie 20 bytes
     */
    record EstablishRendezvous(byte[] cookie) implements OnionMessage {
        /** Bytes of a cookie. */
        public static final int COOKIE = 20;

        public EstablishRendezvous {
            if (cookie.length != COOKIE) {
                throw new IllegalArgumentException("rendezvous cookie of " + cookie.length + " bytes");
            }
        }

        @Override
        public int command() {
            return ESTABLISH_RENDEZVOUS;
        }

        @Override
        public void write(ByteWriter out) {
            out.bytes(cookie);
        }
    }

    /** The relay is the rendezvous point now. */
    record RendezvousEstablished() implements OnionMessage {
        @Override
        public int command() {
            return RENDEZVOUS_ESTABLISHED;
        }

        @Override
        public void write(ByteWriter out) {}
    }

    /**
     * Asks an introduction point to pass something on to a service (rend-spec-v3 section 3.2).
     *
     * @param authKey the service's Ed25519 key there, 32 bytes
     * @param sealed what only the service can read
     */
    record Introduce1(byte[] authKey, byte[] sealed) implements OnionMessage {
        private static final int LEGACY_KEY_ID = 20;
        private static final int ED25519 = 2;

        public Introduce1 {
            if (authKey.length != Ed25519Id.LENGTH) {
                throw new IllegalArgumentException("authentication key of " + authKey.length + " bytes");
            }
        }

        @Override
        public int command() {
            return INTRODUCE1;
        }

        @Override
        public void write(ByteWriter out) {
            out.bytes(header(authKey)).bytes(sealed);
        }

        /** All that stands before the sealed part, and is authenticated with it; no extensions. */
        public static byte[] header(byte[] authKey) {
            return new ByteWriter(LEGACY_KEY_ID + 4 + authKey.length)
                    .zeros(LEGACY_KEY_ID)
                    .u8(ED25519)
                    .u16(authKey.length)
                    .bytes(authKey)
                    .u8(0)
                    .toByteArray();
        }

        static Introduce1 read(ByteReader in) throws ProtocolException {
            in.skip(LEGACY_KEY_ID);
            int type = in.u8();
            if (type != ED25519 || in.u16() != Ed25519Id.LENGTH) {
                throw new ProtocolException("INTRODUCE1 with an authentication key of type " + type);
            }
            byte[] key = in.bytes(Ed25519Id.LENGTH);
            for (int n = in.u8(); n > 0; n--) {
                in.skip(1);
                in.skip(in.u8());
            }
            return new Introduce1(key, in.rest());
        }
    }

    /**
     * What an introduction point has done.
     *
     * @param status 0: passed on; 1: no such service; 2: malformed; 3: could not be passed on
     */
    record IntroduceAck(int status) implements OnionMessage {
        @Override
        public int command() {
            return INTRODUCE_ACK;
        }

        @Override
        public void write(ByteWriter out) {
            out.u16(status).u8(0);
        }
    }

    /** A service's answer, by way of the rendezvous point: handshake data. */
    record Rendezvous2(byte[] handshake) implements OnionMessage {
        @Override
        public int command() {
            return RENDEZVOUS2;
        }

        @Override
        public void write(ByteWriter out) {
            out.bytes(handshake);
        }
    }

    /**
     * A service asks a relay to be an introduction point (rend-spec-v3 section 3.1.1).
     *
     * @param authKey its Ed25519 key for this relay, 32 bytes
     * @param limit what the relay is to pass on at most; null: what it thinks right
     * @param handshakeAuth 32 bytes that show that it was made for this circuit
     * @param signature with the key, 64 bytes
     */
    record EstablishIntro(byte[] authKey, @Nullable Limit limit, byte[] handshakeAuth, byte[] signature)
            implements OnionMessage {
        private static final int ED25519 = 2;
        private static final int MAC = 32;
        private static final int DOS_PARAMETERS = 1;
        private static final int RATE = 1;
        private static final int BURST = 2;
        /** Number of parameters 1 | two times type 1 and value 8. */
        private static final int DOS_LENGTH = 19;

        /**
         * What the relay is to pass on at most (proposal 305).
         *
         * @param rate introductions a second
         * @param burst how many at once
         */
        public record Limit(long rate, long burst) {}

        public EstablishIntro {
            if (authKey.length != Ed25519Id.LENGTH || handshakeAuth.length != MAC) {
                throw new IllegalArgumentException("a part of ESTABLISH_INTRO has the wrong length");
            }
        }

        @Override
        public int command() {
            return ESTABLISH_INTRO;
        }

        @Override
        public void write(ByteWriter out) {
            out.bytes(header(authKey, limit)).bytes(handshakeAuth).u16(signature.length).bytes(signature);
        }

        /** All that stands before {@code handshakeAuth}, which is made of it. */
        public static byte[] header(byte[] authKey, @Nullable Limit limit) {
            ByteWriter out = new ByteWriter(6 + DOS_LENGTH + authKey.length)
                    .u8(ED25519)
                    .u16(authKey.length)
                    .bytes(authKey);
            if (limit == null) {
                return out.u8(0).toByteArray();
            }
            return out.u8(1)
                    .u8(DOS_PARAMETERS)
                    .u8(DOS_LENGTH)
                    .u8(2)
                    .u8(RATE)
                    .i64(limit.rate)
                    .u8(BURST)
                    .i64(limit.burst)
                    .toByteArray();
        }

        static EstablishIntro read(ByteReader in) throws ProtocolException {
            int type = in.u8();
            if (type != ED25519 || in.u16() != Ed25519Id.LENGTH) {
                throw new ProtocolException("ESTABLISH_INTRO with an authentication key of type " + type);
            }
            byte[] key = in.bytes(Ed25519Id.LENGTH);
            Limit limit = null;
            for (int n = in.u8(); n > 0; n--) {
                int extension = in.u8();
                ByteReader body = in.slice(in.u8());
                if (extension == DOS_PARAMETERS) {
                    limit = readLimit(body);
                }
            }
            return new EstablishIntro(key, limit, in.bytes(MAC), in.bytes(in.u16()));
        }

        private static Limit readLimit(ByteReader in) throws ProtocolException {
            long rate = 0;
            long burst = 0;
            for (int n = in.u8(); n > 0; n--) {
                int type = in.u8();
                long value = in.i64();
                rate = type == RATE ? value : rate;
                burst = type == BURST ? value : burst;
            }
            return new Limit(rate, burst);
        }
    }

    /** A relay has become an introduction point. */
    record IntroEstablished() implements OnionMessage {
        @Override
        public int command() {
            return INTRO_ESTABLISHED;
        }

        @Override
        public void write(ByteWriter out) {
            out.u8(0);
        }
    }

    /**
     * A client's introduction, as the introduction point has passed it on.
     *
     * @param header all that stands before the sealed part, and is authenticated with it
     * @param authKey of the service at this introduction point, 32 bytes
     * @param sealed what only the service can read
     */
    record Introduce2(byte[] header, byte[] authKey, byte[] sealed) implements OnionMessage {
        @Override
        public int command() {
            return INTRODUCE2;
        }

        @Override
        public void write(ByteWriter out) {
            out.bytes(header).bytes(sealed);
        }

        static Introduce2 read(ByteReader in) throws ProtocolException {
            byte[] all = in.rest();
            Introduce1 same = Introduce1.read(new ByteReader(all));
            return new Introduce2(
                    Arrays.copyOf(all, all.length - same.sealed().length), same.authKey(), same.sealed());
        }
    }

    /**
     * A service has come to a rendezvous point.
     *
     * @param cookie 20 bytes, by which the rendezvous point knows the client's circuit
     * @param handshake what goes on to the client
     */
    record Rendezvous1(byte[] cookie, byte[] handshake) implements OnionMessage {
        /** Bytes of the handshake, with which the message is as long as C tor's: what is beyond the answer is random. */
        public static final int HANDSHAKE = 148;

        @Override
        public int command() {
            return RENDEZVOUS1;
        }

        @Override
        public void write(ByteWriter out) {
            out.bytes(cookie).bytes(handshake);
        }
    }

    /** Reads the body of one of the nine commands. */
    static OnionMessage read(int command, ByteReader in) throws ProtocolException {
        return switch (command) {
            case ESTABLISH_INTRO -> EstablishIntro.read(in);
            case ESTABLISH_RENDEZVOUS -> new EstablishRendezvous(in.bytes(EstablishRendezvous.COOKIE));
            case INTRODUCE1 -> Introduce1.read(in);
            case INTRODUCE2 -> Introduce2.read(in);
            case RENDEZVOUS1 -> new Rendezvous1(in.bytes(EstablishRendezvous.COOKIE), in.rest());
            case RENDEZVOUS2 -> new Rendezvous2(in.rest());
            case INTRO_ESTABLISHED -> new IntroEstablished();
            case RENDEZVOUS_ESTABLISHED -> new RendezvousEstablished();
            case INTRODUCE_ACK -> new IntroduceAck(in.u16());
            default -> throw new ProtocolException("relay command " + command + " is none of onion services");
        };
    }
}
