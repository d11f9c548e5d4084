package dev.cepa.proxy;

/**
 * Who may use a port that is a socket in the file system. Immutable.
 *
 * @param group whether the group may ({@code GroupWritable})
 * @param world whether everybody may, wherever it is ({@code WorldWritable})
 * @param relaxedFolder whether others may see, but not write, into its folder ({@code RelaxDirModeCheck})
 */
public record SocketFileMode(boolean group, boolean world, boolean relaxedFolder) {
    /** The owner alone. */
    public static final SocketFileMode OWNER = new SocketFileMode(false, false, false);

    /** The permissions of the socket, as {@link java.nio.file.attribute.PosixFilePermissions} writes them. */
    String permissions() {
        return world ? "rw-rw-rw-" : group ? "rw-rw----" : "rw-------";
    }
}
