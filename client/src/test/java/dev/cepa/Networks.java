package dev.cepa;

import dev.cepa.error.TorException;
import dev.cepa.pool.InternalCircuits;
import dev.cepa.testnet.TestNetwork;

/** How clients in tests are configured for a private network. */
public final class Networks {
    private static final String AUTHORITY = "DirAuthority ";

    private Networks() {}

    /** Adds the network's authorities. */
    public static TorConfigBuilder addAuthorities(TorConfigBuilder config, TestNetwork network) throws TorException {
        for (String line : network.clientTorrc()) {
            if (line.startsWith(AUTHORITY)) {
                config.directoryAuthority(line.substring(AUTHORITY.length()));
            }
        }
        return config;
    }

    /** A client's circuits for onion services. */
    public static InternalCircuits internalCircuits(TorClient client) {
        return client.internalCircuits();
    }
}
