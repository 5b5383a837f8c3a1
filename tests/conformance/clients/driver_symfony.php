<?php
// Sends mails with Symfony Mailer. See support.real_client.
//
// The transport comes from the mailer's own factory, as Symfony, Laravel and Nextcloud have it made: a scheme, a host, a
// port, and options. Each job is a forked child, so that those that wait for a server wait at the same time.

use Symfony\Component\Mailer\Transport\Dsn;
use Symfony\Component\Mailer\Transport\Smtp\EsmtpTransportFactory;
use Symfony\Component\Mime\Email;

require '/usr/share/php/Symfony/Component/Mailer/autoload.php';

function answer(array $job, array $outcome): never
{
    fwrite(STDOUT, json_encode(['id' => $job['id']] + $outcome, JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
    posix_kill(getmypid(), SIGKILL); // without the destructors, which say QUIT and wait for its reply
    exit;
}

function run(array $job): array
{
    $transport = (new EsmtpTransportFactory())->create(new Dsn(
        $job['mode'] === 'implicit' ? 'smtps' : 'smtp',
        $job['host'],
        $job['user'] ?: null,
        $job['password'] ?: null,
        $job['port'],
        $job['verify'] ? [] : ['verify_peer' => '0'],
    ));
    $transport->getStream()->setTimeout($job['timeout']);
    $mail = (new Email())->from($job['sender'])->to($job['to'])->subject('Conformance')->text(".one line\r\n");
    try {
        $transport->send($mail);
        return ['ok' => true];
    } catch (\Throwable $error) {
        $name = (new ReflectionClass($error))->getShortName();
        // After a login that all mechanisms were refused, the code stands in the message alone.
        preg_match_all('/got code "(\d+)"/', $error->getMessage(), $codes);
        $code = $error->getCode() ?: (int) end($codes[1]) ?: null;
        return ['ok' => false, 'error' => $name, 'code' => $code, 'message' => $error->getMessage()];
    }
}

// Loads every class before the first job's clock starts.
run(['mode' => 'none', 'host' => '127.0.0.1', 'port' => 1, 'user' => '', 'password' => '', 'verify' => true, 'timeout' => 1,
    'sender' => 'a@example.com', 'to' => 'b@example.com']);
fwrite(STDOUT, "ready\n");
pcntl_signal(SIGCHLD, SIG_IGN);
pcntl_async_signals(true);
while (($line = fgets(STDIN)) !== false) {
    if (pcntl_fork() === 0) {
        $job = json_decode($line, true);
        pcntl_signal(SIGALRM, fn () => answer($job, ['hangs' => true]));
        pcntl_alarm((int) $job['patience']);
        answer($job, run($job));
    }
}
