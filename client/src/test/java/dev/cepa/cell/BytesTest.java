package dev.cepa.cell;

import static dev.cepa.cell.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ProtocolException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** ByteReader and ByteWriter. */
class BytesTest {
    @Test
    void readsWhatWasWritten() throws Exception {
        ByteWriter out = new ByteWriter(1);
        out.u8(0xfe).u16(0xfedc).u32(0xfedcba98L).i64(0xfedcba9876543210L).bytes(new byte[] {1, 2, 3, 4}, 1, 2).zeros(3);
        out.setU16(1, 0x8001);
        assertThat(out.size()).isEqualTo(20);
        assertThat(out.toByteArray()).isEqualTo(hex("fe 8001 fedcba98 fedcba9876543210 0203 000000"));

        ByteReader in = new ByteReader(out.toByteArray());
        assertThat(in.u8()).isEqualTo(0xfe);
        assertThat(in.u16()).isEqualTo(0x8001);
        assertThat(in.u32()).isEqualTo(0xfedcba98L);
        assertThat(in.i64()).isEqualTo(0xfedcba9876543210L);
        assertThat(in.bytes(2)).isEqualTo(hex("0203"));
        assertThat(in.remaining()).isEqualTo(3);
        assertThat(in.rest()).isEqualTo(new byte[3]);
        in.expectEnd("test");
    }

    @Test
    void readsNothingOutsideItsSlice() throws Exception {
        ByteReader in = new ByteReader(hex("00 0102030405 ff"), 1, 5);
        ByteReader slice = in.slice(2);
        assertThat(slice.u16()).isEqualTo(0x0102);
        refuses(slice::u8);
        assertThat(in.u8()).isEqualTo(3);
        in.skip(1);
        refuses(() -> in.expectEnd("test"));
        refuses(in::u16);
        assertThat(in.u8()).as("after a refused read nothing is lost").isEqualTo(5);
        refuses(in::u8);
        refuses(in::u32);
        refuses(() -> in.bytes(1));
        refuses(() -> in.skip(-1));
        refuses(() -> in.bytes(Integer.MAX_VALUE));
        assertThat(in.rest()).isEmpty();
    }

    @Test
    void refusesSlicesThatDoNotExist() {
        for (int[] slice : new int[][] {{-1, 1}, {0, -1}, {0, 4}, {4, 0}, {3, 1}, {Integer.MAX_VALUE, 2}}) {
            assertThatThrownBy(() -> new ByteReader(new byte[3], slice[0], slice[1]))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void readsAddresses() throws Exception {
        assertThat(new ByteReader(hex("7f000001")).address(4)).isEqualTo(Vectors.ip("127.0.0.1"));
        assertThat(new ByteReader(hex("00000000000000000000000000000001")).address(16)).isEqualTo(Vectors.ip("::1"));
        assertThat(new ByteReader(hex("00000000000000000000ffff7f000001")).address(16).isLoopbackAddress()).isTrue();
        refuses(() -> new ByteReader(new byte[5]).address(5));
        refuses(() -> new ByteReader(new byte[3]).address(4));
    }

    @Test
    void readsVisibleAsciiOnly() throws Exception {
        ByteReader in = new ByteReader(hex("41 7e 00 42"));
        assertThat(in.textUntilZero()).isEqualTo("A~");
        assertThat(in.text(1)).isEqualTo("B");
        assertThat(in.text(0)).isEmpty();
        for (String bytes : new String[] {"20", "0a", "7f", "80", "ff", "00"}) {
            refuses(() -> new ByteReader(hex(bytes)).text(1));
        }
        refuses(() -> new ByteReader(hex("4142")).textUntilZero());
    }

    private static void refuses(ThrowingCallable read) {
        assertThatExceptionOfType(ProtocolException.class).isThrownBy(read);
    }
}
