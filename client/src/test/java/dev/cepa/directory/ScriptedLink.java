package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.HopTarget;
import dev.cepa.directory.Decompression.Encoding;
import dev.cepa.error.Deadline;
import dev.cepa.path.GuardAttempt;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Directory servers that answer as a test says. */
final class ScriptedLink implements DirectoryLink {
    /** What a server does with a request. */
    interface Script {
        /** The answer's body; or null for status 404. */
        byte @Nullable [] answer(RsaId server, DirectoryRequest request) throws IOException, InterruptedException;
    }

    /** What was asked, and of whom. */
    record Question(RsaId server, DirectoryRequest request, boolean guard) {}

    final List<Question> questions = new CopyOnWriteArrayList<>();
    volatile Script script;
    /** Who is found where a bridge is looked for; null: who was looked for. */
    volatile @Nullable ChannelTarget there;
    volatile boolean closed;

    ScriptedLink(Script script) {
        this.script = script;
    }

    @Override
    public ChannelTarget identify(ChannelTarget relay, Deadline deadline) {
        return there == null ? relay : there;
    }

    @Override
    public DirectoryAnswer ask(
            HopTarget server, @Nullable GuardAttempt attempt, DirectoryRequest request, Deadline deadline) throws IOException {
        RsaId id = server.link().rsaId();
        questions.add(new Question(id, request, attempt != null));
        byte[] body;
        try {
            body = script.answer(id, request);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new dev.cepa.error.TorException(dev.cepa.error.ErrorKind.CLOSED, "interrupted", e);
        } catch (IOException e) {
            if (attempt != null) {
                attempt.failed(false);
            }
            throw e;
        }
        if (attempt != null) {
            attempt.succeeded();
        }
        return body == null
                ? new DirectoryAnswer(404, "Not found", null, Encoding.IDENTITY, new ByteArrayInputStream(new byte[0]), new ReceivedBytes(InputStream.nullInputStream()))
                : new DirectoryAnswer(200, "OK", null, Encoding.IDENTITY, new ByteArrayInputStream(body), new ReceivedBytes(InputStream.nullInputStream()));
    }

    @Override
    public void closeIdle() {}

    @Override
    public void close() {
        closed = true;
    }

    /** The paths that were asked for and begin so. */
    List<String> paths(String prefix) {
        List<String> paths = new ArrayList<>();
        for (Question question : questions) {
            if (question.request().path().startsWith(prefix)) {
                paths.add(question.request().path());
            }
        }
        return paths;
    }
}
