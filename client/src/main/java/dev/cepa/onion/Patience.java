package dev.cepa.onion;

import java.time.Duration;

/**
 * How long the parts of a connection may take, when there are others that could be asked instead.
 *
 * @param directory to send a descriptor
 * @param answer of an introduction or rendezvous point to a single message
 * @param service to come to the rendezvous point once it was told
 * @param doubt until it is doubted that the service still hears of us where we asked, at most; see {@link #doubtAfter}
 */
record Patience(Duration directory, Duration answer, Duration service, Duration doubt) {
    static final Patience DEFAULT = new Patience(
            Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(5));

    /**
     * After how long a service that was told and has not come may be somewhere else by now. It is as good as never too slow
     * after three times what a circuit of ours may take to build, in which it has to hear of us, build one of four hops and
     * send its answer over seven (C tor waits as long until it tries anew).
     *
     * @param buildTimeout of a circuit of three hops, as learned; some guess before, so that it counts between two fifths of
     *     {@link #doubt} and the whole alone
     * @param worked whether we had to work to be introduced: such a service lets clients wait
     */
    Duration doubtAfter(Duration buildTimeout, boolean worked) {
        if (worked) {
            return service.dividedBy(2);
        }
        Duration least = doubt.multipliedBy(2).dividedBy(5);
        Duration wanted = buildTimeout.multipliedBy(3);
        if (wanted.compareTo(least) < 0) {
            return least;
        }
        return wanted.compareTo(doubt) > 0 ? doubt : wanted;
    }
}
