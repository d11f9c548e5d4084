package dev.cepa.netdoc;

/** Subprotocol versions (tor-spec section 9). */
public final class Protocols {
    /** The subprotocols; the ordinal is the number on the wire. */
    public enum Name {
        LINK("Link"),
        LINK_AUTH("LinkAuth"),
        RELAY("Relay"),
        DIR_CACHE("DirCache"),
        HS_DIR("HSDir"),
        HS_INTRO("HSIntro"),
        HS_REND("HSRend"),
        DESC("Desc"),
        MICRODESC("Microdesc"),
        CONS("Cons"),
        PADDING("Padding"),
        FLOW_CTRL("FlowCtrl"),
        CONFLUX("Conflux");

        private final String word;

        Name(String word) {
            this.word = word;
        }

        /** As documents write it. */
        public String word() {
            return word;
        }
    }

    private Protocols() {}
}
