package dev.cepa.http;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.HttpTimeoutException;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP client over Tor streams. Thread-safe. Connections are kept open for further requests to the same host for a
 * while. It adds no User-Agent and no other header that would tell this client from others; what an application sets is
 * sent. Redirects are not followed unless asked for, and never from https to http unless {@link HttpClient.Redirect#ALWAYS}.
 */
public final class TorHttpClient extends HttpClient {
    private static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(2);
    private static final int MAX_REDIRECTS = 5;

    private final @Nullable CookieHandler cookieHandler;
    private final @Nullable Duration connectTimeout;
    private final @Nullable SSLContext customSslContext;
    private final @Nullable SSLParameters sslParameters;
    private final @Nullable Executor executor;
    private final Redirect redirect;
    private final ConnectionPool connections;

    TorHttpClient(TorHttpClientBuilder builder) {
        cookieHandler = builder.cookieHandler;
        connectTimeout = builder.connectTimeout;
        customSslContext = builder.sslContext;
        sslParameters = builder.sslParameters;
        executor = builder.executor;
        redirect = builder.redirect;
        connections = new ConnectionPool(builder.connector, this::sslContext, sslParameters);
    }

    @Override
    public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
            throws IOException, InterruptedException {
        HttpResponse<T> response = exchange(request, handler, null);
        for (int i = 0; ; i++) {
            HttpRequest next = redirected(request, response);
            if (next == null) {
                return response;
            }
            if (i == MAX_REDIRECTS) {
                throw new IOException("more than " + MAX_REDIRECTS + " redirects");
            }
            request = next;
            response = exchange(request, handler, response);
        }
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(HttpRequest request, BodyHandler<T> handler) {
        Exchange<HttpResponse<T>> future = new Exchange<>();
        Thread worker = Thread.ofVirtual().name("cepa-http").unstarted(() -> {
            try {
                HttpResponse<T> response = send(request, handler);
                complete(future, () -> future.complete(response));
            } catch (IOException | InterruptedException | RuntimeException e) {
                complete(future, () -> future.completeExceptionally(e));
            }
        });
        future.worker = worker;
        worker.start();
        return future;
    }

    /** Cancelling it interrupts the thread that waits for the response. */
    private static final class Exchange<T> extends CompletableFuture<T> {
        private volatile @Nullable Thread worker;

        @Override
        public boolean cancel(boolean mayInterrupt) {
            boolean cancelled = super.cancel(mayInterrupt);
            Thread w = worker;
            if (cancelled && w != null) {
                w.interrupt();
            }
            return cancelled;
        }
    }

    private void complete(CompletableFuture<?> future, Runnable completion) {
        if (executor == null || future.isDone()) {
            completion.run();
        } else {
            executor.execute(completion);
        }
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
            HttpRequest request, BodyHandler<T> handler, @Nullable PushPromiseHandler<T> pushPromiseHandler) {
        return sendAsync(request, handler); // HTTP/1.1 has no push
    }

    private <T> HttpResponse<T> exchange(
            HttpRequest request, BodyHandler<T> handler, @Nullable HttpResponse<T> previous)
            throws IOException, InterruptedException {
        URI uri = request.uri();
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        String host = uri.getHost();
        boolean tls = scheme.equals("https");
        if (host == null || !tls && !scheme.equals("http")) {
            throw new TorException(ErrorKind.BAD_REQUEST, "an http or https address with a host is needed");
        }
        if (host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
        Deadline deadline = Deadline.in(request.timeout().orElse(DEFAULT_TIMEOUT));
        boolean limited = request.timeout().isPresent();
        ConnectionPool.Key key = new ConnectionPool.Key(tls, host, port);
        Map<String, List<String>> cookies =
                cookieHandler == null ? Map.of() : cookieHandler.get(uri, request.headers().map());
        for (int attempt = 0; ; attempt++) {
            HttpConnection connection = connect(key, deadline, attempt > 0);
            boolean reused = connection.uses() > 0;
            try {
                connection.setDeadline(deadline);
                connection.sendRequest(request, cookies, deadline);
                HttpConnection.Head head = connection.readHead(deadline);
                return respond(request, handler, previous, connection, head, limited ? deadline : null);
            } catch (IOException e) {
                connection.close();
                // A kept connection may have been closed by the server just now; a request that changes nothing is
                // sent once more on a new one.
                if (reused && attempt == 0 && idempotent(request.method()) && !deadline.passed()) {
                    continue;
                }
                if (deadline.passed()) {
                    throw timeout("no response within the request's time", e);
                }
                throw e;
            }
        }
    }

    private <T> HttpResponse<T> respond(
            HttpRequest request,
            BodyHandler<T> handler,
            @Nullable HttpResponse<T> previous,
            HttpConnection connection,
            HttpConnection.Head head,
            @Nullable Deadline deadline)
            throws IOException, InterruptedException {
        if (cookieHandler != null) {
            cookieHandler.put(request.uri(), head.headers().map());
        }
        HttpResponse.BodySubscriber<T> subscriber =
                handler.apply(new Info(head.status(), head.headers()));
        CompletableFuture<T> body = subscriber.getBody().toCompletableFuture();
        BodyReader reader = connection.body(request.method(), head);
        BodyPump.start(reader, subscriber, clean -> connections.release(connection, clean && reader.reusable()));
        try {
            T value = deadline == null
                    ? body.get()
                    : body.get(Math.max(1, deadline.nanosLeft()), TimeUnit.NANOSECONDS);
            return new Response<>(request, head.status(), head.headers(), value, previous, connection.session());
        } catch (ExecutionException e) {
            connection.close();
            Throwable cause = e.getCause();
            throw cause instanceof IOException io ? io : new IOException("the response could not be read", cause);
        } catch (TimeoutException e) {
            connection.close();
            throw timeout("the response did not end within the request's time", e);
        } catch (InterruptedException e) {
            connection.close();
            throw e;
        }
    }

    private HttpConnection connect(ConnectionPool.Key key, Deadline deadline, boolean fresh) throws IOException {
        Deadline limit = connectTimeout == null ? deadline : deadline.atMost(connectTimeout);
        try {
            return connections.acquire(key, limit, fresh);
        } catch (IOException e) {
            if (limit.passed() || e instanceof TorException t && t.kind() == ErrorKind.TIMEOUT) {
                HttpConnectTimeoutException timeout = new HttpConnectTimeoutException("no connection in time");
                timeout.initCause(e);
                throw timeout;
            }
            throw e;
        }
    }

    private @Nullable HttpRequest redirected(HttpRequest request, HttpResponse<?> response) {
        int status = response.statusCode();
        boolean redirects = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
        Optional<String> location = response.headers().firstValue("Location");
        if (redirect == Redirect.NEVER || !redirects || location.isEmpty()) {
            return null;
        }
        URI to;
        try {
            to = request.uri().resolve(location.get());
        } catch (IllegalArgumentException e) {
            return null; // the caller sees the response with its bad address
        }
        boolean fromTls = "https".equalsIgnoreCase(request.uri().getScheme());
        boolean toTls = "https".equalsIgnoreCase(to.getScheme());
        if (!toTls && (fromTls && redirect != Redirect.ALWAYS || !"http".equalsIgnoreCase(to.getScheme()))) {
            return null;
        }
        boolean sameHost = to.getHost() != null && to.getHost().equalsIgnoreCase(request.uri().getHost());
        HttpRequest.Builder next = HttpRequest.newBuilder(request, (name, value) -> sameHost
                        || !name.equalsIgnoreCase("Authorization") && !name.equalsIgnoreCase("Cookie"))
                .uri(to);
        boolean keepsMethod = status == 307 || status == 308 || request.method().equals("HEAD");
        if (!keepsMethod && (status == 303 || request.method().equals("POST"))) {
            next.GET();
        }
        return next.build();
    }

    private static boolean idempotent(String method) {
        return switch (method) {
            case "GET", "HEAD", "OPTIONS", "PUT", "DELETE" -> true;
            default -> false;
        };
    }

    private static HttpTimeoutException timeout(String message, Throwable cause) {
        HttpTimeoutException timeout = new HttpTimeoutException(message);
        timeout.initCause(cause);
        return timeout;
    }

    @Override
    public Optional<CookieHandler> cookieHandler() {
        return Optional.ofNullable(cookieHandler);
    }

    @Override
    public Optional<Duration> connectTimeout() {
        return Optional.ofNullable(connectTimeout);
    }

    @Override
    public Redirect followRedirects() {
        return redirect;
    }

    /** None: the connections are Tor's. */
    @Override
    public Optional<ProxySelector> proxy() {
        return Optional.empty();
    }

    @Override
    public SSLContext sslContext() {
        if (customSslContext != null) {
            return customSslContext;
        }
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }

    @Override
    public SSLParameters sslParameters() {
        return sslParameters != null ? sslParameters : sslContext().getDefaultSSLParameters();
    }

    @Override
    public Optional<Authenticator> authenticator() {
        return Optional.empty();
    }

    @Override
    public Version version() {
        return Version.HTTP_1_1;
    }

    @Override
    public Optional<Executor> executor() {
        return Optional.ofNullable(executor);
    }

    @Override
    public void shutdown() {
        connections.close();
    }

    @Override
    public void shutdownNow() {
        connections.closeAll();
    }

    /** Closes the kept connections; requests under way end by themselves. */
    @Override
    public void close() {
        connections.close();
    }

    private record Info(int statusCode, HttpHeaders headers) implements HttpResponse.ResponseInfo {
        @Override
        public Version version() {
            return Version.HTTP_1_1;
        }
    }
}
