package dev.cepa.onion;

import java.util.HashMap;
import java.util.Map;

/**
 * How onion services are reached. Immutable.
 *
 * @param clientKeys our keys for services that are for some clients only
 * @param fetches whether services' descriptors are fetched ({@code FetchHidServDescriptors})
 * @param publishes whether descriptors of our own services are published ({@code PublishHidServDescriptors})
 */
public record OnionSettings(Map<OnionAddress, ClientAuthKey> clientKeys, boolean fetches, boolean publishes) {
    /** No keys, and all is fetched and published. */
    public static final OnionSettings DEFAULT = new OnionSettings(Map.of(), true, true);

    public OnionSettings {
        clientKeys = Map.copyOf(clientKeys);
    }

    /** With more keys; one takes the place of another for the same service. */
    public OnionSettings withClientKeys(Map<OnionAddress, ClientAuthKey> keys) {
        Map<OnionAddress, ClientAuthKey> all = new HashMap<>(clientKeys);
        all.putAll(keys);
        return new OnionSettings(all, fetches, publishes);
    }

    /** With descriptors fetched and published, or not. */
    public OnionSettings withDescriptors(boolean fetched, boolean published) {
        return new OnionSettings(clientKeys, fetched, published);
    }

    /** Without the key for that service. */
    public OnionSettings withoutClientKey(OnionAddress address) {
        Map<OnionAddress, ClientAuthKey> all = new HashMap<>(clientKeys);
        all.remove(address);
        return new OnionSettings(all, fetches, publishes);
    }
}
