package dev.cepa.benchmark.directory;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Directory entries of relays that do not exist, in the variety that the public network has: nicknames, addresses, flags,
 * versions, exit policies, families small and large. What they have in common with real ones is what takes memory and time;
 * their keys are random. The same for the same seed. Not thread-safe.
 */
public final class MadeUpRelays {
    private static final Base64.Encoder BASE64 = Base64.getEncoder().withoutPadding();
    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final String[] SYLLABLES = {
        "to", "or", "re", "lay", "no", "de", "ni", "ka", "free", "dom", "pri", "va", "cy", "exit", "mid", "fox", "bear",
        "sun", "sky", "net", "box", "vps", "01", "2", "77", "Tor", "Onion", "Quiet", "Deep", "zwiebel"
    };
    private static final String[][] VERSIONS = {
        {"0.4.9.11", "Conflux=1 Cons=1-2 Desc=1-4 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4-5 HSRend=1-2 Link=3-5 LinkAuth=3 "
                + "Microdesc=1-3 Padding=2 Relay=2-6"},
        {"0.4.9.6", "Conflux=1 Cons=1-2 Desc=1-4 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4-5 HSRend=1-2 Link=3-5 LinkAuth=3 "
                + "Microdesc=1-3 Padding=2 Relay=2-5"},
        {"0.4.8.21", "Conflux=1 Cons=1-2 Desc=1-2 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4-5 HSRend=1-2 Link=1-5 "
                + "LinkAuth=1,3 Microdesc=1-2 Padding=2 Relay=1-4"},
        {"0.4.8.16", "Conflux=1 Cons=1-2 Desc=1-2 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4-5 HSRend=1-2 Link=1-5 "
                + "LinkAuth=1,3 Microdesc=1-2 Padding=2 Relay=1-4"},
        {"0.4.7.16", "Cons=1-2 Desc=1-2 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4-5 HSRend=1-2 Link=1-5 LinkAuth=1,3 "
                + "Microdesc=1-2 Padding=2 Relay=1-4"}
    };
    private static final int[] VERSION_SHARES = {40, 58, 84, 96, 100};
    private static final String[] POLICIES = {
        "accept 80,443", "accept 53,80,443", "accept 443", "reject 25", "accept 1-65535",
        "reject 25,119,135-139,445,563,1214,4661-4666,6346-6429,6699,6881-6999",
        "accept 20-23,43,53,79-81,88,110,143,194,220,389,443,464-465,531,543-544,554,563,587,636,706,749,873,902-904,981,"
                + "989-995,1194,1220,1293,1500,1533,1677,1723,1755,1863,2082-2083,2086-2087,2095-2096,2102-2104,3128,3389,"
                + "3690,4321,4643,5050,5190,5222-5223,5228,5900,6660-6669,6679,6697,8000,8008,8074,8080,8082,8087-8088,"
                + "8232-8233,8332-8333,8443,8888,9418,9999-10000,11371,19294,19638,50002,64738"
    };
    private static final int FAMILY_SHARE = 20;
    private static final int LARGEST_FAMILY = 80;

    private final SplittableRandom random;
    private final boolean weighted;

    /**
     * One relay.
     *
     * @param identity  its RSA identity, 20 bytes: the order of a consensus
     * @param entry     its lines in a consensus of the microdescriptor flavour
     * @param microdesc its microdescriptor
     */
    record Relay(byte[] identity, String entry, String microdesc) {}

    /** @param weighted whether clients are to use them; otherwise their bandwidth is 0 and nobody chooses them */
    public MadeUpRelays(long seed, boolean weighted) {
        this.random = new SplittableRandom(seed);
        this.weighted = weighted;
    }

    /** So many relays, in no order. */
    List<Relay> make(int count) {
        byte[][] identities = new byte[count][];
        for (int i = 0; i < count; i++) {
            identities[i] = bytes(20);
        }
        List<Relay> relays = new ArrayList<>(count);
        for (int i = 0; i < count;) {
            int size = Math.min(familySize(), count - i);
            String family = size < 2 ? "" : family(identities, i, size);
            int address = random.nextInt();
            String policy = POLICIES[random.nextInt(POLICIES.length)];
            for (int member = 0; member < size; member++, i++) {
                // Members of a family are often neighbours and set up alike.
                relays.add(relay(identities[i], address + member, policy, family));
            }
        }
        return relays;
    }

    /** Most families are small, and a few have a large part of all relays. */
    private int familySize() {
        if (!chance(FAMILY_SHARE)) {
            return 1;
        }
        double tail = Math.pow(1 - random.nextDouble(), -0.9);
        return (int) Math.min(LARGEST_FAMILY, 1 + tail);
    }

    private String family(byte[][] identities, int from, int size) {
        StringBuilder out = new StringBuilder("family");
        for (int i = from; i < from + size; i++) {
            out.append(" $").append(HEX.formatHex(identities[i]));
        }
        out.append('\n');
        if (chance(40)) {
            out.append("family-ids ed25519:").append(BASE64.encodeToString(bytes(32))).append('\n');
        }
        return out.toString();
    }

    private Relay relay(byte[] identity, int address, String policy, String family) {
        boolean exit = chance(25);
        boolean stable = chance(82);
        boolean fast = chance(95);
        boolean guard = stable && fast && chance(55);
        StringBuilder microdesc = new StringBuilder(512);
        microdesc.append("onion-key\n-----BEGIN RSA PUBLIC KEY-----\n").append(rsaKey());
        microdesc.append("\n-----END RSA PUBLIC KEY-----\nntor-onion-key ").append(BASE64.encodeToString(bytes(32)));
        microdesc.append('\n').append(family);
        boolean ipv6 = chance(55);
        if (exit) {
            microdesc.append("p ").append(policy).append('\n');
            if (ipv6 && chance(70)) {
                microdesc.append("p6 ").append(policy).append('\n');
            }
        }
        microdesc.append("id ed25519 ").append(BASE64.encodeToString(bytes(32))).append('\n');

        StringBuilder entry = new StringBuilder(400);
        entry.append("r ").append(nickname()).append(' ').append(BASE64.encodeToString(identity));
        entry.append(" 2038-01-01 00:00:00 ").append(ipv4(address)).append(' ').append(chance(40) ? 9001 : 443).append(" 0\n");
        if (ipv6) {
            entry.append("a [2001:").append(Integer.toHexString(0x200 + random.nextInt(0xd00)));
            for (int i = 0; i < 3; i++) {
                entry.append(':').append(Integer.toHexString(1 + random.nextInt(0xffff)));
            }
            entry.append("::").append(Integer.toHexString(1 + random.nextInt(0xffff))).append("]:9001\n");
        }
        entry.append("m ").append(BASE64.encodeToString(sha256(microdesc.toString()))).append("\ns");
        flag(entry, "Exit", exit);
        flag(entry, "Fast", fast);
        flag(entry, "Guard", guard);
        flag(entry, "HSDir", stable && chance(85));
        entry.append(" Running");
        flag(entry, "Stable", stable);
        flag(entry, "V2Dir", chance(92));
        entry.append(" Valid\n");
        String[] version = version();
        entry.append("v Tor ").append(version[0]).append("\npr ").append(version[1]).append("\nw Bandwidth=");
        entry.append(weighted ? Math.max(1, Math.round(Math.exp(8.3 + 1.4 * gaussian()))) : 0).append('\n');
        return new Relay(identity, entry.toString(), microdesc.toString());
    }

    private String nickname() {
        if (chance(12)) {
            return "Unnamed";
        }
        StringBuilder out = new StringBuilder();
        int parts = 2 + random.nextInt(4);
        for (int i = 0; i < parts; i++) {
            String part = SYLLABLES[random.nextInt(SYLLABLES.length)];
            if (out.length() + part.length() <= 19) {
                out.append(part);
            }
        }
        return out.toString();
    }

    private static String ipv4(int address) {
        // Out of the private and the reserved ranges: their first byte is below 20, 127 or above 171.
        int first = 20 + Math.floorMod(address >>> 24, 100);
        return first + "." + (address >>> 16 & 0xff) + "." + (address >>> 8 & 0xff) + "." + (1 + (address & 0xff) % 254);
    }

    /** A key of 1024 bits as far as anybody looks: an odd number and an exponent. */
    private String rsaKey() {
        byte[] der = new byte[140];
        byte[] head = {0x30, (byte) 0x81, (byte) 0x89, 0x02, (byte) 0x81, (byte) 0x81, 0x00};
        byte[] modulus = bytes(128);
        modulus[0] |= (byte) 0x80;
        modulus[127] |= 1;
        byte[] exponent = {0x02, 0x03, 0x01, 0x00, 0x01};
        System.arraycopy(head, 0, der, 0, head.length);
        System.arraycopy(modulus, 0, der, head.length, modulus.length);
        System.arraycopy(exponent, 0, der, head.length + modulus.length, exponent.length);
        return Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    }

    private String[] version() {
        int share = random.nextInt(100);
        int i = 0;
        while (share >= VERSION_SHARES[i]) {
            i++;
        }
        return VERSIONS[i];
    }

    private static void flag(StringBuilder out, String name, boolean has) {
        if (has) {
            out.append(' ').append(name);
        }
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private double gaussian() {
        return random.nextGaussian();
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.ISO_8859_1));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
