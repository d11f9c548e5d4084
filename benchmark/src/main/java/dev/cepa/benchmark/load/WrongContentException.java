package dev.cepa.benchmark.load;

import java.io.IOException;

/** What arrived is not what was sent. */
public final class WrongContentException extends IOException {
    private static final long serialVersionUID = 1;

    WrongContentException(String message) {
        super(message);
    }
}
