// The app's view of its mail server, from within its container: `node -` reads this on stdin. It uses the nodemailer of
// the image and the variables of the container, as the app does; its profile says what they are called, and how it reads
// them. It logs in at most once, sends no mail and writes nothing. The password leaves it in no form.
'use strict';

const options = /* OPTIONS */ {} /* OPTIONS */;

const crypto = require('crypto');
const dns = require('dns');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { createRequire } = require('module');

const APP = options.app; // names: role -> variable; what is required, converted and how switches are read
const VARIABLES = Object.values(APP.names);
const MASK = '********';
const QUERY = /[?&;](?:pass(?:word|wd)?|pwd|secret|token|auth|api[-_]?key|key)=([^&;\s'"]+)/gi;
const TOKEN = /^(?=.*\d)(?=.*[A-Za-z])[\w.-]{16,}$/;
const LIMIT = options.milliseconds || 10000; // for each wait of the client, whose own are 2 min, 30 s and 10 min
const OVERALL = 3 * LIMIT + 3000;
const began = Date.now();

// ---- what is said -------------------------------------------------------------------------------------------------

// A character as JSON writes it where only ASCII is safe.
function escaped(char) {
    return '\\u' + char.charCodeAt(0).toString(16).padStart(4, '0');
}

let finished = false;

function finish(report) {
    if (finished) {
        return;
    }
    finished = true;
    report.elapsed_ms = Date.now() - began;
    const json = JSON.stringify(report).replace(/[\u007f-\uffff]/g, escaped);
    const lines = options.quiet ? [] : readable(report);
    const status = report.refuses.length ? 3 : report.verify && report.verify.ok ? 0 : 1;
    process.stdout.write([...lines, `SMTPWIZARD-INSIDE ${json} END`, ''].join('\n'), () => process.exit(status));
}

function readable(report) {
    const shown = (value) => safe(String(value), 120);
    const v = report.verify;
    const words = [v && v.code, v && v.response_code, v && v.command !== 'CONN' && v.command].filter(Boolean).join(' ');
    const outcome = report.refuses.length ? `! the app refuses to start: ${report.refuses.join(', ')} missing`
        : report.error ? `! not tried: ${report.error}`
        : v.ok ? `✓ nodemailer ${report.login === 'tried' ? 'logs in' : 'connects; no login was tried'}`
        : v.fate ? `✗ nodemailer ${v.fate}: ${shown(v.message)}`
        : `✗ nodemailer fails: ${words || 'no code'}: ${shown(v.message)}`;
    const addresses = report.dns.error || report.dns.addresses.join(', ');
    return [
        `Container ${shown(report.hostname)}, node ${report.node}, nodemailer ${report.nodemailer || 'not found'}`,
        ...Object.entries(report.settings).map(([name, item]) => `  ${name}=${shown(item.shown)}`),
        `  address: ${shown(addresses || 'none')}`,
        `  greets as: ${shown(report.ehlo)}`,
        `  NODE_EXTRA_CA_CERTS: ${report.extra_ca}`,
        outcome,
        ...(v && v.ok ? ['  Not proved: that sender and recipient are taken, and that mail arrives.'] : [])
    ];
}

function safe(text, limit) {
    const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, ' ');
    return clean.length > limit ? clean.slice(0, limit - 1) + '…' : clean;
}

// ---- secrets ------------------------------------------------------------------------------------------------------

// The letters of base64 that the secret alone decides, wherever it stands in a token.
function base64Inside(octets, offset) {
    const letters = Buffer.concat([Buffer.alloc(offset), octets]).toString('base64').replace(/=+$/, '');
    return letters.slice(Math.ceil((offset * 8) / 6), letters.length - ((offset + octets.length) % 3 ? 1 : 0));
}

function forms(secret) {
    const octets = Buffer.from(secret, 'utf8');
    const hex = octets.toString('hex');
    const pairs = hex.match(/../g) || [];
    const base64 = [0, 1, 2].map((offset) => base64Inside(octets, offset)).filter((form) => form.length >= 6);
    const loose = encodeURIComponent(secret);
    const url = [loose, loose.replace(/[!'()*~]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase())];
    const quoted = pairs.map((pair) => {
        const code = parseInt(pair, 16);
        return code > 32 && code < 127 && code !== 61 ? String.fromCharCode(code) : '=' + pair.toUpperCase();
    });
    const json = JSON.stringify(secret).slice(1, -1);
    const html = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#x27;' };
    return [
        secret,
        ...base64,
        ...base64.map((form) => form.replace(/\+/g, '-').replace(/\//g, '_')),
        ...url,
        ...url.map((form) => form.replace(/%20/g, '+')),
        hex,
        pairs.map((pair) => '%' + pair).join(''),
        pairs.map((pair) => '=' + pair).join(''),
        quoted.join(''),
        quoted.join('').replace(/=20/g, ' '),
        json,
        json.replace(/[\u0080-\uffff]/g, escaped),
        json.replace(/'/g, "\\'").replace(/\\"/g, '"'),
        [...secret].map((c) => html[c] || c).join(''),
        secret.replace(/'/g, "'\\''")
    ].filter(Boolean);
}

function redactor(secrets) {
    // What is longer is no password, and its forms would make a pattern of megabytes.
    const long = secrets.filter((secret) => secret.length > 2000);
    const short = secrets.filter((secret) => secret.length <= 2000);
    const found = [...new Set(short.flatMap(forms))].sort((a, b) => b.length - a.length);
    const literal = (form) => form.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
    const whole = (form) => (form.length < 4 ? `(?<![A-Za-z0-9_])${literal(form)}(?![A-Za-z0-9_])` : literal(form));
    const pattern = found.length ? new RegExp(found.map(whole).join('|'), 'gi') : null;
    return (text) => {
        const left = long.reduce((rest, secret) => rest.split(secret).join(MASK), String(text));
        return pattern ? left.replace(pattern, MASK) : left;
    };
}

// A user name without an @ may be a token; other secrets of the container have no business in a server's words either.
function secretsOf(env) {
    const user = of(env, 'username') || '';
    const secret = ([name, value]) => /PASS|PWD|SECRET|TOKEN|KEY/i.test(name) && value.length >= 8;
    const others = Object.entries(process.env).filter(secret);
    const own = [of(env, 'password'), user.includes('@') ? '' : user, user.split(':').slice(1).join(':')];
    return [...own, ...loginsIn(of(env, 'host') || ''), ...others.map(([, value]) => value)].filter(Boolean);
}

// ---- what the app would hand to nodemailer ------------------------------------------------------------------------

// The app reads a .env in its working directory, too; what is in the environment wins.
function variables(requires) {
    const given = {};
    let file = {};
    let state = fs.existsSync('.env') ? 'unread' : 'none';
    if (state === 'unread') {
        try {
            const dotenv = requires.map((from) => attempt(() => from('dotenv'))).find(Boolean);
            file = dotenv ? dotenv.parse(fs.readFileSync('.env')) : {};
            state = dotenv ? 'read' : 'unread';
        } catch (error) {
            state = 'unread';
        }
    }
    for (const name of VARIABLES) {
        if (process.env[name] !== undefined) {
            given[name] = process.env[name];
        } else if (file[name] !== undefined) {
            // A switch from that file may come back from the app's check in another spelling.
            given[name] = APP.converted.includes(name) ? file[name].trim().toLowerCase() : file[name];
        }
    }
    return { given, state };
}

function of(env, role) {
    return APP.names[role] === undefined ? undefined : env[APP.names[role]];
}

function isOn(text) {
    if (APP.switches === 'json') {
        const value = attempt(() => JSON.parse(text));
        return Boolean(value === undefined ? text : value);
    }
    return text === 'true';
}

function hasLogin(env) {
    const given = [of(env, 'username'), of(env, 'password')];
    return APP.login === 'any' ? given.some(Boolean) : given.every(Boolean);
}

function transportOptions(env, login) {
    const text = of(env, 'security');
    const port = parseInt(of(env, 'port'), 10) || undefined;
    const secure = text === undefined && APP.implicit_on_465 ? port === 465 : isOn(text);
    const ciphers = of(env, 'ciphers') || (/^\s*true\s*$/i.test(text || '') && APP.implicit_ciphers) || undefined;
    const verify = of(env, 'verify');
    const made = { pool: true, host: of(env, 'host'), port, secure, tls: { ciphers } };
    made.requireTLS = isOn(of(env, 'require_tls'));
    made.ignoreTLS = isOn(of(env, 'ignore_tls'));
    if (verify !== undefined && !isOn(verify)) {
        made.tls.rejectUnauthorized = false;
    }
    if (login && hasLogin(env)) {
        made.auth = { user: of(env, 'username'), pass: of(env, 'password') };
    }
    return { ...made, connectionTimeout: LIMIT, greetingTimeout: LIMIT, socketTimeout: LIMIT, dnsTimeout: LIMIT };
}

// What is secret within a host: a login before the name, and its password; a password in a query. `you@example.com` is
// an address in the wrong place, unless what stands before the @ looks like a token.
function loginsIn(host) {
    const slashes = /^[^/@]*\/\//.exec(host);
    const rest = slashes ? host.slice(slashes[0].length) : host;
    const at = rest.lastIndexOf('@');
    const login = at > 0 ? rest.slice(0, at) : '';
    const token = TOKEN.test(login) || /^[\d.]+(:\d+)?$/.test(rest.slice(at + 1));
    const query = [...host.matchAll(QUERY)].map((found) => found[1]);
    return slashes || login.includes(':') || token ? [login, login.split(':').slice(1).join(':'), ...query] : query;
}

function mac(text) {
    return options.key ? crypto.createHmac('sha256', options.key).update(text).digest('hex') : undefined;
}

function loginMac(env) {
    return mac([(of(env, 'host') || '').toLowerCase(), of(env, 'username'), of(env, 'password')].join('\0'));
}

function masked(env, redact) {
    const user = of(env, 'username') || '';
    const hidden = !user.includes('@') || user === of(env, 'password'); // a token in the user's place has no @
    const shown = {};
    for (const name of VARIABLES.filter((each) => env[each] !== undefined)) {
        const secret = name === APP.names.password || (name === APP.names.username && hidden);
        const text = secret ? env[name] && MASK : redact(env[name]).replace(/\/\/[^/]*@/, `//${MASK}@`);
        shown[name] = { shown: safe(text, 300), mac: mac(`${name}\0${env[name]}`) };
    }
    return shown;
}

// ---- where the app's nodemailer is --------------------------------------------------------------------------------

function attempt(work) {
    try {
        return work();
    } catch (error) {
        return undefined;
    }
}

function folders(folder) {
    return (attempt(() => fs.readdirSync(folder)) || []).map((name) => path.join(folder, name));
}

// The scripts that node runs in this container: the app's own process shows where it finds its modules.
function running() {
    const found = [];
    for (const folder of folders('/proc').filter((name) => /\/\d+$/.test(name)).slice(0, 200)) {
        const words = (attempt(() => fs.readFileSync(path.join(folder, 'cmdline'), 'utf8')) || '').split('\0');
        const cwd = attempt(() => fs.readlinkSync(path.join(folder, 'cwd'))) || process.cwd();
        if (/(^|\/)node$/.test(words[0])) {
            const scripts = words.slice(1).filter((word) => /\.[cm]?js$/.test(word));
            found.push(...scripts.map((word) => path.dirname(path.resolve(cwd, word))));
        }
    }
    return found;
}

function bases() {
    const here = process.cwd();
    const near = [here, ...folders(path.join(here, 'apps')), ...folders(path.join(here, 'packages'))];
    const usual = ['/app', ...folders('/app/apps'), '/usr/src/app', '/home/node/app'];
    return [...new Set([...near, ...(options.processes === false ? [] : running()), ...usual])];
}

function stores(base) {
    const above = [];
    for (let folder = base; ; folder = path.dirname(folder)) {
        above.push(path.join(folder, 'node_modules', '.pnpm'));
        if (folder === path.dirname(folder)) {
            return above;
        }
    }
}

// What @nestjs-modules/mailer requires is what the app uses; in pnpm's layout it is often reachable from there alone.
function findNodemailer() {
    const places = bases();
    const requires = places.map((base) => createRequire(path.join(base, 'noop.js')));
    const through = (from) => {
        const mailer = attempt(() => fs.realpathSync(from.resolve('@nestjs-modules/mailer')));
        return mailer && attempt(() => createRequire(mailer).resolve('nodemailer'));
    };
    const straight = (from) => attempt(() => from.resolve('nodemailer'));
    let main = requires.map(through).find(Boolean) || requires.map(straight).find(Boolean);
    if (!main) {
        const stored = [...new Set(places.flatMap(stores))].flatMap(folders);
        const versions = stored.filter((name) => /[\\/]nodemailer@\d/.test(name));
        versions.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
        const inside = (folder) => path.join(folder, 'node_modules', 'nodemailer');
        main = versions.map((folder) => attempt(() => require.resolve(inside(folder)))).find(Boolean);
    }
    return { main, requires, places };
}

function versionOf(main) {
    for (let folder = path.dirname(main); folder !== path.dirname(folder); folder = path.dirname(folder)) {
        const about = attempt(() => JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')));
        if (about && about.version) {
            return String(about.version);
        }
    }
    return '';
}

// ---- the run ------------------------------------------------------------------------------------------------------

function within(milliseconds, promise, otherwise) {
    let timer;
    const late = new Promise((resolve) => {
        timer = setTimeout(() => resolve(otherwise), milliseconds);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function lookUp(host) {
    const asked = dns.promises.lookup(host, { all: true }).then(
        (found) => ({ addresses: [...new Set(found.map((item) => item.address))].slice(0, 20), error: '' }),
        (error) => ({ addresses: [], error: String(error.code || 'failed') })
    );
    return within(Math.min(LIMIT, 5000), asked, { addresses: [], error: 'ETIMEDOUT' });
}

function greetingName() {
    const name = os.hostname() || '';
    return !name.includes('.') ? '[127.0.0.1]' : /^\d{1,3}(\.\d{1,3}){3}$/.test(name) ? `[${name}]` : name;
}

function authorities() {
    const file = process.env.NODE_EXTRA_CA_CERTS;
    return !file ? 'not set' : attempt(() => fs.readFileSync(file)) ? 'set' : 'cannot be read';
}

function outcome(error, redact) {
    return {
        ok: !error,
        code: (error && error.code) || null,
        response_code: (error && error.responseCode) || null,
        command: (error && error.command) || null,
        message: error ? safe(redact(error.message), 500) : '',
        response: error && error.response ? safe(redact(error.response), 500) : ''
    };
}

async function main() {
    const found = findNodemailer();
    const { given: env, state } = variables(found.requires);
    const redact = redactor(secretsOf(env));
    const report = {
        schema: 1,
        hostname: os.hostname(),
        ehlo: greetingName(),
        node: process.versions.node,
        nodemailer: found.main ? versionOf(found.main) : '',
        extra_ca: authorities(),
        env_file: state,
        settings: masked(env, redact),
        refuses: APP.required.filter((name) => !env[name]),
        login: hasLogin(env) ? 'tried' : 'none',
        dns: { addresses: [], error: '' },
        error: '',
        verify: null
    };
    const dead = (fate, message) => {
        const verify = { ...outcome(null, redact), ok: false, fate, message: safe(redact(message), 500) };
        finish({ ...report, verify });
    };
    process.on('uncaughtException', (error) => dead('crashes', error && error.message));
    process.on('unhandledRejection', (error) => dead('crashes', error && error.message));
    setTimeout(() => dead('hangs', `no end within ${OVERALL} ms`), OVERALL).unref();

    if (of(env, 'host')) {
        report.dns = await lookUp(of(env, 'host'));
        report.dns.addresses = report.dns.addresses.map((item) => redact(item));
    }
    if (report.refuses.length) {
        return finish(report);
    }
    if (!found.main) {
        const places = found.places.slice(0, 6).join(', ');
        return finish({ ...report, login: 'none', error: `no nodemailer below ${places}` });
    }
    const refused = options.refused !== undefined && options.refused === loginMac(env);
    const login = options.login !== false && !refused;
    if (!login && report.login === 'tried') {
        report.login = 'withheld';
    }
    const transport = require(found.main).createTransport(transportOptions(env, login));
    const late = { hangs: true };
    const verified = transport.verify().then(() => null, (error) => error || new Error('failed'));
    const ended = await within(OVERALL - (Date.now() - began), verified, late);
    if (ended === late) {
        return dead('hangs', `no answer within ${OVERALL} ms`);
    }
    transport.close();
    return finish({ ...report, verify: outcome(ended, redact) });
}

main().catch((error) => {
    const failed = String((error && error.name) || 'Error'); // its message could hold a value
    process.stdout.write(`SMTPWIZARD-INSIDE ${JSON.stringify({ schema: 1, failed })} END\n`, () => process.exit(1));
});
