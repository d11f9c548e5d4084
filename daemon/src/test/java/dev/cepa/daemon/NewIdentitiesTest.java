package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NewIdentitiesTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void grantsOneEveryTenSecondsAndKeepsOneWaiting() {
        NewIdentities identities = new NewIdentities();
        assertThat(identities.nanosLeft(0)).isEqualTo(Long.MAX_VALUE);
        assertThat(identities.ask(-5 * SECOND)).isZero();
        assertThat(identities.ask(SECOND)).isEqualTo(4 * SECOND);
        assertThat(identities.ask(2 * SECOND)).isEqualTo(3 * SECOND);
        assertThat(identities.nanosLeft(3 * SECOND)).isEqualTo(2 * SECOND);
        assertThat(identities.nanosLeft(5 * SECOND)).isZero();
        assertThat(identities.ask(5 * SECOND)).isZero();
        assertThat(identities.nanosLeft(6 * SECOND)).as("it has been granted").isEqualTo(Long.MAX_VALUE);
        assertThat(identities.ask(15 * SECOND)).isZero();
    }
}
