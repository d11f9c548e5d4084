package dev.cepa.benchmark.directory;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A whole directory of made-up relays that have weight, for what needs no network; its one signature is none.
 *
 * @param consensus  of the microdescriptor flavour
 * @param microdescs in a row
 */
public record MadeUpDirectory(byte[] consensus, byte[] microdescs) {
    private static final String PREAMBLE = """
            network-status-version 3 microdesc
            vote-status consensus
            consensus-method 35
            valid-after 2026-01-01 00:00:00
            fresh-until 2026-01-01 01:00:00
            valid-until 2026-01-01 03:00:00
            voting-delay 300 300
            known-flags Exit Fast Guard HSDir Running Stable V2Dir Valid
            dir-source auth 0000000000000000000000000000000000000000 127.0.0.1 127.0.0.1 80 443
            """;
    private static final String FOOTER = """
            directory-footer
            bandwidth-weights Wbd=0 Wbe=0 Wbg=4131 Wbm=10000 Wdb=10000 Web=10000 Wed=10000 Wee=10000 Weg=10000 Wem=10000 \
            Wgb=10000 Wgd=0 Wgg=5869 Wgm=5869 Wmb=10000 Wmd=0 Wme=0 Wmg=4131 Wmm=10000
            directory-signature sha256 0000000000000000000000000000000000000000 0000000000000000000000000000000000000000
            -----BEGIN SIGNATURE-----
            AAAA
            -----END SIGNATURE-----
            """;

    /** A directory of so many relays; the same each time. */
    public static MadeUpDirectory of(int relays) {
        List<MadeUpRelays.Relay> all = new MadeUpRelays(1, true).make(relays);
        all.sort((a, b) -> Arrays.compareUnsigned(a.identity(), b.identity()));
        StringBuilder consensus = new StringBuilder(PREAMBLE);
        StringBuilder microdescs = new StringBuilder();
        for (MadeUpRelays.Relay relay : all) {
            consensus.append(relay.entry());
            microdescs.append(relay.microdesc());
        }
        consensus.append(FOOTER);
        return new MadeUpDirectory(
                consensus.toString().getBytes(StandardCharsets.ISO_8859_1),
                microdescs.toString().getBytes(StandardCharsets.ISO_8859_1));
    }
}
