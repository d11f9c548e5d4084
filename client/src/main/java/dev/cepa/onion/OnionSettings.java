package dev.cepa.onion;

import java.util.Map;

/**
 * How onion services are reached. Immutable.
 *
 * @param clientKeys our keys for services that are for some clients only
 */
public record OnionSettings(Map<OnionAddress, ClientAuthKey> clientKeys) {
    /** No keys. */
    public static final OnionSettings DEFAULT = new OnionSettings(Map.of());

    public OnionSettings {
        clientKeys = Map.copyOf(clientKeys);
    }
}
