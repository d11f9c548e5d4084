package dev.cepa.daemon.control;

import org.jspecify.annotations.Nullable;

/** Answers questions of GETINFO (control-spec section 3.9). Thread-safe. */
@FunctionalInterface
interface InfoSource {
    /**
     * The answer, without the key.
     *
     * @param key the whole key, as asked for
     * @param request who asks
     * @return null if there is no such key
     * @throws Refusal with code 551 if there is no answer now, which ends the whole command; with 552 if the key makes no
     *     sense
     */
    @Nullable String answer(String key, Request request) throws Refusal;
}
