// Sends mails with Jakarta Mail. See support.real_client.
//
// The JDK has no JSON: a job is flat but for its options, and all its names and values are found by one pattern.

import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public final class DriverJakarta {
    private static final ExecutorService WORKERS = Executors.newCachedThreadPool(DriverJakarta::daemon);
    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\": (?:\"((?:[^\"\\\\]|\\\\.)*)\"|([\\w.]+))");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(u([0-9a-f]{4})|.)");
    private static final Pattern CODE = Pattern.compile("(?:Exception|response): (\\d{3})[ \\n-]");

    private DriverJakarta() {
    }

    public static void main(String[] arguments) throws Exception {
        trust(Path.of(System.getenv("SSL_CERT_FILE")));
        Session.getInstance(new Properties()).getTransport("smtp");
        System.out.println("ready");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Map<String, String> job = fields(line);
            WORKERS.submit(() -> answer(job));
        }
    }

    private static void answer(Map<String, String> job) {
        Future<String> sent = WORKERS.submit(() -> send(job));
        String outcome;
        try {
            outcome = sent.get((long) (1000 * Double.parseDouble(job.get("patience"))), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            outcome = "\"hangs\": true";
        } catch (InterruptedException | ExecutionException broken) {
            outcome = "\"ok\": false, \"message\": " + quoted("the driver: " + broken);
        }
        synchronized (System.out) {
            System.out.println("{\"id\": " + job.get("id") + ", " + outcome + "}");
        }
    }

    private static String send(Map<String, String> job) {
        try {
            Session session = Session.getInstance(properties(job));
            MimeMessage message = new MimeMessage(session);
            message.setFrom(new InternetAddress(job.get("sender")));
            InternetAddress recipient = new InternetAddress(job.get("to"));
            message.setRecipient(MimeMessage.RecipientType.TO, recipient);
            message.setSubject("Conformance");
            message.setText(".one line\r\n");
            message.saveChanges();
            Transport transport = session.getTransport("smtp");
            try {
                int port = Integer.parseInt(job.get("port"));
                transport.connect(job.get("host"), port, given(job.get("user")), given(job.get("password")));
                transport.sendMessage(message, new InternetAddress[] {recipient});
            } finally {
                WORKERS.submit(() -> {
                    transport.close(); // says QUIT, whose reply decides nothing
                    return null;
                });
            }
            return "\"ok\": true";
        } catch (Exception error) {
            Matcher code = CODE.matcher(error.toString());
            return "\"ok\": false, \"error\": " + quoted(error.getClass().getSimpleName())
                    + ", \"code\": " + (code.find() ? code.group(1) : "null")
                    + ", \"message\": " + quoted(error.toString());
        }
    }

    private static Properties properties(Map<String, String> job) {
        Properties made = new Properties();
        made.setProperty("mail.smtp.localhost", "app.example.com");
        made.setProperty("mail.smtp.ssl.enable", String.valueOf(job.get("mode").equals("implicit")));
        made.setProperty("mail.smtp.starttls.enable", String.valueOf(job.get("mode").equals("opportunistic")));
        made.setProperty("mail.smtp.starttls.required", String.valueOf(job.get("mode").equals("starttls")));
        made.setProperty("mail.smtp.auth", String.valueOf(!(job.get("user") + job.get("password")).isEmpty()));
        if (!job.get("timeout").equals("null")) {
            String limit = String.valueOf(Math.round(1000 * Double.parseDouble(job.get("timeout"))));
            for (String name : new String[] {"connectiontimeout", "timeout", "writetimeout"}) {
                made.setProperty("mail.smtp." + name, limit);
            }
        }
        if (job.get("verify").equals("false")) {
            made.setProperty("mail.smtp.ssl.trust", "*");
        }
        if (job.containsKey("checkserveridentity")) {
            made.setProperty("mail.smtp.ssl.checkserveridentity", job.get("checkserveridentity"));
        }
        if (job.containsKey("auth_mechanism")) {
            made.setProperty("mail.smtp.auth.mechanisms", job.get("auth_mechanism"));
        }
        return made;
    }

    private static String given(String text) {
        return text.isEmpty() ? null : text;
    }

    private static Map<String, String> fields(String json) {
        Map<String, String> found = new HashMap<>();
        for (Matcher field = FIELD.matcher(json); field.find();) {
            found.put(field.group(1), field.group(2) == null ? field.group(3) : unescaped(field.group(2)));
        }
        return found;
    }

    private static String unescaped(String text) {
        return ESCAPE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(
                found.group(2) == null ? found.group(1) : String.valueOf((char) Integer.parseInt(found.group(2), 16))));
    }

    private static String quoted(String text) {
        StringBuilder made = new StringBuilder("\"");
        for (char one : text.toCharArray()) {
            boolean plain = one >= ' ' && one < 0x7F && one != '"' && one != '\\';
            made.append(plain ? String.valueOf(one) : String.format("\\u%04x", (int) one));
        }
        return made.append('"').toString();
    }

    private static void trust(Path authority) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(authority)) {
            for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("authority" + store.size(), one);
            }
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        SSLContext.setDefault(context);
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    }
}
