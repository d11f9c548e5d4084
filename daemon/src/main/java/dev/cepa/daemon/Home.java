package dev.cepa.daemon;

/** File names that begin with a tilde. */
final class Home {
    private Home() {}

    /** With {@code ~} or {@code ~/} replaced by the user's home folder. */
    static String expand(String fileName) {
        if (fileName.equals("~") || fileName.startsWith("~/")) {
            String home = System.getenv("HOME");
            return (home == null ? System.getProperty("user.home", "") : home) + fileName.substring(1);
        }
        return fileName;
    }
}
