package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Debian's Chromium without a window, steered by its DevTools protocol. For one thread. */
final class Browser implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Process process;
    private final WebSocket socket;
    private final LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();
    /** What the page complained of: errors, and what its policy forbade. */
    private final List<String> complaints = new CopyOnWriteArrayList<>();

    private int number;

    private Browser(Process process, URI page) {
        this.process = process;
        socket = HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(page, new Listener()).join();
    }

    /** @param folder a new one for its profile */
    static Browser start(Path folder) throws Exception {
        Process process = new ProcessBuilder(
                        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                        "--no-first-run", "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
                        "--user-data-dir=" + folder, "about:blank")
                .redirectErrorStream(true).redirectOutput(folder.resolve("chromium.log").toFile()).start();
        Path port = folder.resolve("DevToolsActivePort");
        long end = System.nanoTime() + PATIENCE.toNanos();
        String page = null;
        while (page == null) {
            assertThat(System.nanoTime()).as("Chromium starts").isLessThan(end);
            Thread.sleep(100);
            if (Files.exists(port) && Files.readString(port).contains("\n")) {
                String list;
                try {
                    list = list(Files.readString(port).split("\n")[0]);
                } catch (IOException e) {
                    continue;
                }
                int at = list.indexOf("ws://127.0.0.1");
                page = at < 0 || !list.contains("\"type\": \"page\"") ? null : list.substring(at, list.indexOf('"', at));
            }
        }
        Browser browser = new Browser(process, URI.create(page));
        for (String domain : List.of("Page", "Runtime", "Log", "Accessibility")) {
            browser.command(domain + ".enable", "{}");
        }
        return browser;
    }

    /** Skips the test, with a word, if there is no Chromium. */
    static void require() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/chromium")), "chromium is not installed here; see scripts/programs");
    }

    private static String list(String port) throws IOException, InterruptedException {
        return HttpClient.newHttpClient().send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list")).build(),
                HttpResponse.BodyHandlers.ofString()).body();
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder();
        Json.append(out, text);
        return out.toString();
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                String message = text.toString();
                text.setLength(0);
                if (message.startsWith("{\"id\":")) {
                    answers.add(message);
                } else if (message.contains("Runtime.exceptionThrown") || message.contains("\"level\":\"error\"")) {
                    complaints.add(message);
                }
            }
            webSocket.request(1);
            return null;
        }
    }

    List<String> complaints() {
        return complaints;
    }

    String command(String method, String params) throws InterruptedException {
        int id = ++number;
        socket.sendText("{\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + "}", true).join();
        while (true) {
            String answer = answers.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(answer).as(method).isNotNull();
            if (answer.startsWith("{\"id\":" + id + ",")) {
                assertThat(answer).doesNotStartWith("{\"id\":" + id + ",\"error\"");
                return answer;
            }
        }
    }

    void open(String url) throws InterruptedException {
        command("Page.navigate", "{\"url\":" + quoted(url) + "}");
    }

    /** What a script says, as text without quotes in it; all of the answer if it fails. */
    String evaluate(String script) throws InterruptedException {
        String answer = command("Runtime.evaluate", "{\"expression\":" + quoted("Promise.resolve(" + script + ").then(String)")
                + ",\"awaitPromise\":true,\"returnByValue\":true}");
        int at = answer.indexOf("\"value\":\"");
        return at < 0 ? answer : answer.substring(at + 9, answer.lastIndexOf("\"}"));
    }

    void await(String script) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!evaluate(script).equals("true")) {
            assertThat(System.nanoTime()).as(script + " in " + evaluate("document.body.innerText")).isLessThan(end);
            Thread.sleep(100);
        }
    }

    void key(String key, int code) throws InterruptedException {
        String text = key.equals("Enter") ? "\\r" : key.equals(" ") ? " " : "";
        String common = "\"key\":\"" + key + "\",\"code\":\"" + (key.equals(" ") ? "Space" : key)
                + "\",\"windowsVirtualKeyCode\":" + code;
        command("Input.dispatchKeyEvent", "{\"type\":\"keyDown\"," + common
                + (text.isEmpty() ? "" : ",\"text\":\"" + text + "\"") + "}");
        command("Input.dispatchKeyEvent", "{\"type\":\"keyUp\"," + common + "}");
    }

    void size(int width, int height, boolean phone) throws InterruptedException {
        command("Emulation.setDeviceMetricsOverride", "{\"width\":" + width + ",\"height\":" + height
                + ",\"deviceScaleFactor\":1,\"mobile\":" + phone + "}");
        command("Emulation.setScrollbarsHidden", "{\"hidden\":true}");
    }

    void colours(String scheme) throws InterruptedException {
        command("Emulation.setEmulatedMedia",
                "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"" + scheme + "\"}]}");
    }

    void screenshot(Path file) throws Exception {
        String answer = command("Page.captureScreenshot", "{\"format\":\"png\",\"captureBeyondViewport\":true}");
        int at = answer.indexOf("\"data\":\"") + 8;
        Files.write(file, Base64.getDecoder().decode(answer.substring(at, answer.indexOf('"', at))));
    }

    @Override
    public void close() {
        socket.abort();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS); // it writes to its folder until then
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
