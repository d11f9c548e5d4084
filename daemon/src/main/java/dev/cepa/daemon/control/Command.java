package dev.cepa.daemon.control;

/** One command of control-spec section 3. One object serves all connections. */
@FunctionalInterface
interface Command {
    /**
     * Does it, on the thread of the connection, which takes no other command meanwhile. Events that come meanwhile follow the
     * reply; so what takes long is begun here, or by {@link Reply#then}, and done elsewhere.
     *
     * @return what the controller is told
     * @throws Refusal if it is not done
     */
    Reply run(Request request) throws Refusal;
}
