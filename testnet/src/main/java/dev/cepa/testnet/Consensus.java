package dev.cepa.testnet;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** How many relays of which kind a microdescriptor consensus lists: enough to tell whether clients can use it. */
record Consensus(int relays, int microdescriptors, int guards, int exits, int directories) {
    /** Counts what the file lists; all zero while there is none. */
    static Consensus read(Path file) throws IOException {
        try {
            return count(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            return new Consensus(0, 0, 0, 0, 0);
        }
    }

    static Consensus count(String document) {
        int relays = 0;
        int microdescriptors = 0;
        int guards = 0;
        int exits = 0;
        int directories = 0;
        for (String line : document.split("\n", -1)) {
            if (line.startsWith("r ")) {
                relays++;
            } else if (line.startsWith("m ")) {
                microdescriptors++;
            } else if (line.startsWith("s ") && line.contains(" Running")) {
                guards += line.contains(" Guard") ? 1 : 0;
                exits += line.contains(" Exit") ? 1 : 0;
                directories += line.contains(" HSDir") ? 1 : 0;
            }
        }
        return new Consensus(relays, microdescriptors, guards, exits, directories);
    }

    boolean isComplete(int wantedRelays, int wantedExits) {
        return relays >= wantedRelays && microdescriptors >= wantedRelays && guards >= wantedRelays
                && exits >= wantedExits && directories >= wantedRelays;
    }
}
