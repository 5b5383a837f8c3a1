// Runs jobs with the app's own mail client. One JSON object a line: a job in, its outcome out, in any order.
//
// The transport is built from the variables as the app does. The client's limits (2 min to connect, 30 s for the
// greeting, 10 min without a word) are shortened through its own options, which changes when it gives up, not how.
'use strict';

const readline = require('readline');

// Ghost hands its options on as they are: nconf nests them at `__` and reads each text as JSON where it is that.
function ghostOptions(variables, limits) {
    const options = { ...limits };
    for (const [name, text] of Object.entries(variables)) {
        const path = name.split('__');
        if (path[0] !== 'mail' || path[1] !== 'options') {
            continue;
        }
        let value = text;
        try {
            value = JSON.parse(text);
        } catch (_) {
            // a plain text
        }
        const last = path.pop();
        path.slice(2).reduce((place, key) => (place[key] = place[key] || {}), options)[last] = value;
    }
    return options;
}

// Langfuse: everything is in one URL, which nodemailer's own parser reads.
function langfuseOptions(variables, limits, library) {
    const { parseConnectionUrl } = require(`${library}/lib/shared`);
    return { ...parseConnectionUrl(variables.SMTP_CONNECTION_URL), ...limits };
}

// Postiz: the login is handed over whatever it is.
function postizOptions(variables, limits) {
    return {
        host: variables.EMAIL_HOST,
        port: +variables.EMAIL_PORT,
        secure: variables.EMAIL_SECURE === 'true',
        auth: { user: variables.EMAIL_USER, pass: variables.EMAIL_PASS },
        ...limits
    };
}

function transportOptions(variables, limits, library) {
    if (variables.SMTP_CONNECTION_URL !== undefined) {
        return langfuseOptions(variables, limits, library);
    }
    if (variables.EMAIL_PROVIDER === 'nodemailer') {
        return postizOptions(variables, limits);
    }
    if (variables.mail__transport) {
        return ghostOptions(variables, limits);
    }
    const options = {
        pool: true,
        host: variables.SMTP_HOST,
        port: parseInt(variables.SMTP_PORT, 10),
        secure: variables.SMTP_TLS === 'true',
        tls: { ciphers: variables.SMTP_CIPHER_SPEC || (variables.SMTP_TLS === 'true' ? 'TLSv1.2' : undefined) },
        ...limits
    };
    if (variables.SMTP_USERNAME && variables.SMTP_PASSWORD) {
        options.auth = { user: variables.SMTP_USERNAME, pass: variables.SMTP_PASSWORD };
    }
    return options;
}

function sender(variables) {
    return variables.SMTP_SENDER || variables.mail__from || variables.EMAIL_FROM_ADDRESS;
}

function outcome(error) {
    return {
        ok: !error,
        code: (error && error.code) || null,
        response_code: (error && error.responseCode) || null,
        command: (error && error.command) || null,
        message: error ? String(error.message).slice(0, 300) : null
    };
}

async function run(job) {
    const nodemailer = require(job.library);
    const transport = nodemailer.createTransport(transportOptions(job.variables, job.limits, job.library));
    const call =
        job.call === 'verify'
            ? transport.verify()
            : transport.sendMail({
                  from: `"User feedback" <${sender(job.variables)}>`,
                  to: job.to,
                  subject: 'Conformance',
                  text: '.one line with a dot\r\n',
                  html: '<p>one line</p>'
              });
    let timer;
    const patience = new Promise((resolve) => {
        timer = setTimeout(() => resolve({ hangs: true }), job.patience);
    });
    const result = await Promise.race([call.then(() => outcome(null), outcome), patience]);
    clearTimeout(timer);
    transport.close();
    return result;
}

// Loading the libraries and Node's roots takes a second on a busy machine: before the first job's clock starts.
for (const library of process.argv.slice(2)) {
    require(library);
}
require('tls').createSecureContext({});
process.stdout.write('ready\n');

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
    const job = JSON.parse(line);
    const result = await run(job);
    process.stdout.write(JSON.stringify({ id: job.id, ...result }) + '\n');
    if (job.last) {
        process.exit(0);
    }
});
