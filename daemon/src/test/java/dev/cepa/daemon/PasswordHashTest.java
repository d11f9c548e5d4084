package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;

class PasswordHashTest {
    private static final String CTOR_HASH = "16:E096821C597B802E604875548697EE65B821092A6EF8CE9ABDD7D9F013";

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Made by tor --hash-password. */
    @Test
    void knowsWhatCTorHasMade() {
        assertThat(PasswordHash.isHash(CTOR_HASH)).isTrue();
        assertThat(PasswordHash.matches(CTOR_HASH, bytes("foo"))).isTrue();
        assertThat(PasswordHash.matches(CTOR_HASH, bytes("fop"))).isFalse();
        assertThat(PasswordHash.matches(CTOR_HASH, new byte[0])).isFalse();
    }

    @Test
    void knowsItsOwnAndNoOther() {
        String hash = PasswordHash.of("a long pässword", new SecureRandom());
        assertThat(PasswordHash.matches(hash, bytes("a long pässword"))).isTrue();
        assertThat(PasswordHash.matches(hash, bytes("a long password"))).isFalse();
        String last = hash.substring(0, 60) + (hash.charAt(60) == '0' ? '1' : '0');
        assertThat(PasswordHash.matches(last, bytes("a long pässword"))).isFalse();
        assertThat(PasswordHash.matches("16:00", bytes(""))).isFalse();
    }
}
