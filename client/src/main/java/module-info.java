/**
 * A Tor client as a library. Applications use {@link dev.cepa}; what they observe is in {@link dev.cepa.event}, what
 * can go wrong in {@link dev.cepa.error}. Everything else is Cepa's own.
 */
module dev.cepa.client {
    requires transitive java.net.http;
    requires static transitive org.jspecify;
    requires org.slf4j;
    requires org.tukaani.xz;
    requires aircompressor;

    exports dev.cepa;
    exports dev.cepa.event;
    exports dev.cepa.error;
}
