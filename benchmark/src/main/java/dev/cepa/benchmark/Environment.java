package dev.cepa.benchmark;

import dev.cepa.TorClient;

/**
 * Where something was measured: figures of two different ones do not compare. Immutable.
 *
 * @param network on what network, in words
 * @param quick whether it was a short run
 */
public record Environment(
        String version, String os, String architecture, int processors, String java, String network, boolean quick) {

    /** This JVM on this machine. */
    static Environment of(String network, boolean quick) {
        return new Environment(
                TorClient.version(),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.vm.name") + " " + Runtime.version(),
                network,
                quick);
    }
}
