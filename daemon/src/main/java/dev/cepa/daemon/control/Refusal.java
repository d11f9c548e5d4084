package dev.cepa.daemon.control;

/** Why a command is not carried out: what the controller is told (control-spec section 4). */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    private final int code;

    /**
     * Says why.
     *
     * @param code three digits, of control-spec section 4
     * @param message one line
     */
    public Refusal(int code, String message) {
        super(message, null, false, false);
        this.code = code;
    }

    /** {@return three digits, of control-spec section 4} */
    public int code() {
        return code;
    }

    /** What the controller is told. */
    Reply reply() {
        return Reply.error(code, String.valueOf(getMessage()));
    }
}
