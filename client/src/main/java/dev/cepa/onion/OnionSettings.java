package dev.cepa.onion;

import java.util.HashMap;
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

    /** With more keys; one takes the place of another for the same service. */
    public OnionSettings withClientKeys(Map<OnionAddress, ClientAuthKey> keys) {
        Map<OnionAddress, ClientAuthKey> all = new HashMap<>(clientKeys);
        all.putAll(keys);
        return new OnionSettings(all);
    }

    /** Without the key for that service. */
    public OnionSettings withoutClientKey(OnionAddress address) {
        Map<OnionAddress, ClientAuthKey> all = new HashMap<>(clientKeys);
        all.remove(address);
        return new OnionSettings(all);
    }
}
