package dev.cepa.testnet;

/**
 * What a client must know about a directory authority.
 *
 * @param nickname    its nickname
 * @param v3Ident     fingerprint of its long-term directory-signing identity key, 40 upper-case hex digits
 * @param fingerprint its RSA identity fingerprint as a relay, 40 upper-case hex digits
 * @param address     its IPv4 address
 * @param orPort      its port for onion-router connections
 * @param dirPort     its port for plain HTTP directory requests
 */
public record Authority(
        String nickname, String v3Ident, String fingerprint, String address, int orPort, int dirPort) {

    /** The torrc line that makes a client trust this authority. */
    public String torrcLine() {
        return "DirAuthority " + nickname + " orport=" + orPort + " v3ident=" + v3Ident + " " + address + ":" + dirPort
                + " " + fingerprint;
    }
}
