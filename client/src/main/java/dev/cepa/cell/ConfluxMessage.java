package dev.cepa.cell;

import dev.cepa.error.ProtocolException;

/**
 * A message that joins circuits to the same exit into one set, or keeps the order of what is sent over its legs (proposal
 * 329 section 2). Older C tor pads bodies with zeros; what follows a body is ignored.
 */
public sealed interface ConfluxMessage extends RelayMessage {
    /** Relay commands. */
    int LINK = 19;

    int LINKED = 20;
    int LINKED_ACK = 21;
    int SWITCH = 22;

    /** Bytes of the number by which the legs of a set are known to belong together; whoever knows it can add a leg. */
    int NONCE = 32;

    /**
     * Version 1, and then what both ends tell one another of a leg.
     *
     * @param nonce 32 bytes
     * @param lastSent number of the last counted message that its sender has sent over any leg
     * @param lastReceived number of the last one that it has received in order
     * @param desiredUx what its sender wants of the other end
     */
    record LinkBody(byte[] nonce, long lastSent, long lastReceived, DesiredUx desiredUx) {
        private static final int VERSION = 1;

        public LinkBody {
            if (nonce.length != NONCE) {
                throw new IllegalArgumentException("conflux nonce of " + nonce.length + " bytes");
            }
            if (lastSent < 0 || lastReceived < 0) {
                throw new IllegalArgumentException("negative conflux sequence number");
            }
        }

        void write(ByteWriter out) {
            out.u8(VERSION).bytes(nonce).i64(lastSent).i64(lastReceived).u8(desiredUx.code());
        }

        static LinkBody read(ByteReader in) throws ProtocolException {
            int version = in.u8();
            if (version != VERSION) {
                throw new ProtocolException("conflux message of version " + version);
            }
            byte[] nonce = in.bytes(NONCE);
            long sent = in.i64();
            long received = in.i64();
            DesiredUx ux = DesiredUx.of(in.u8());
            if (sent < 0 || received < 0 || ux == null) {
                throw new ProtocolException("conflux message with a number that is out of range");
            }
            return new LinkBody(nonce, sent, received, ux);
        }

        /** Says nothing of the nonce, which is a secret. */
        @Override
        public String toString() {
            return "LinkBody[sent " + lastSent + ", received " + lastReceived + ", " + desiredUx + "]";
        }
    }

    /** Asks the exit to count this circuit among the legs of a set. */
    record Link(LinkBody body) implements ConfluxMessage {
        @Override
        public int command() {
            return LINK;
        }

        @Override
        public void write(ByteWriter out) {
            body.write(out);
        }
    }

    /** The exit has done so. */
    record Linked(LinkBody body) implements ConfluxMessage {
        @Override
        public int command() {
            return LINKED;
        }

        @Override
        public void write(ByteWriter out) {
            body.write(out);
        }
    }

    /** Lets the exit measure the round trip. */
    record LinkedAck() implements ConfluxMessage {
        @Override
        public int command() {
            return LINKED_ACK;
        }

        @Override
        public void write(ByteWriter out) {}
    }

    /**
     * What its sender sends next comes on this leg, after so many messages on others.
     *
     * @param relative how far this leg's numbers are behind: 0 to 2³² - 2
     */
    record Switch(long relative) implements ConfluxMessage {
        /** Beyond what one message can say. */
        public static final long LIMIT = 0xffff_ffffL;

        public Switch {
            if (relative < 0 || relative >= LIMIT) {
                throw new IllegalArgumentException("conflux legs " + relative + " messages apart");
            }
        }

        @Override
        public int command() {
            return SWITCH;
        }

        @Override
        public void write(ByteWriter out) {
            out.u32(relative);
        }

        static Switch read(ByteReader in) throws ProtocolException {
            long relative = in.u32();
            if (relative >= LIMIT) {
                throw new ProtocolException("conflux legs " + relative + " messages apart");
            }
            return new Switch(relative);
        }
    }

    /** Reads the body of one of the four commands. */
    static ConfluxMessage read(int command, ByteReader in) throws ProtocolException {
        return switch (command) {
            case LINK -> new Link(LinkBody.read(in));
            case LINKED -> new Linked(LinkBody.read(in));
            case LINKED_ACK -> new LinkedAck();
            case SWITCH -> Switch.read(in);
            default -> throw new ProtocolException("relay command " + command + " is none of conflux");
        };
    }
}
