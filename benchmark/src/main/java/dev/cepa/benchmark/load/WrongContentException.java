package dev.cepa.benchmark.load;

import java.io.IOException;

/** What arrived is not what was sent. */
public final class WrongContentException extends IOException {
    private static final long serialVersionUID = 1;

    /** @param message says what is wrong */
    public WrongContentException(String message) {
        super(message);
    }
}
