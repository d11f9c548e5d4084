package dev.cepa.benchmark.micro;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.RelayMessage;
import dev.cepa.error.ProtocolException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to write and to read messages of relay cells and of channels. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgs = {"-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx256m"})
public class CellCodecMicro {
    private RelayMessage begin;
    private RelayMessage sendme;
    private ChannelMessage netinfo;
    private byte[] beginBytes;
    private byte[] sendmeBytes;
    private byte[] netinfoBytes;

    @Setup
    public void setUp() throws UnknownHostException {
        begin = new RelayMessage.Begin("www.example.com", 443, RelayMessage.Begin.IPV6_OK);
        sendme = new RelayMessage.Sendme(new byte[20]);
        InetAddress address = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        netinfo = new ChannelMessage.Netinfo(1_800_000_000L, address, List.of(address));
        beginBytes = writeBegin();
        sendmeBytes = bytes(sendme);
        ByteWriter out = new ByteWriter();
        netinfo.write(out);
        netinfoBytes = out.toByteArray();
    }

    private static byte[] bytes(RelayMessage message) {
        ByteWriter out = new ByteWriter();
        message.write(out);
        return out.toByteArray();
    }

    @Benchmark
    public byte[] writeBegin() {
        return bytes(begin);
    }

    @Benchmark
    public RelayMessage readBegin() throws ProtocolException {
        return RelayMessage.read(begin.command(), new ByteReader(beginBytes));
    }

    @Benchmark
    public byte[] writeSendme() {
        return bytes(sendme);
    }

    @Benchmark
    public RelayMessage readSendme() throws ProtocolException {
        return RelayMessage.read(sendme.command(), new ByteReader(sendmeBytes));
    }

    @Benchmark
    public ChannelMessage readNetinfo() throws ProtocolException {
        return ChannelMessage.read(netinfo.command(), new ByteReader(netinfoBytes));
    }
}
