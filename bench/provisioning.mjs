// Devices that register: each attestation, over connections that are kept and over one each; and a storm of devices that power up at once.
//   provisioning.mjs [steady] [storm] [key] [x509] [tpm]     all without a word
import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { bench, root, startGatehouse } from './servers.mjs';

const steady = [
  ['symmetric key of a group, new devices, connections kept', 'key', 'kept'],
  ['symmetric key of a group, new devices, a connection each', 'key', 'each'],
  ['X.509 of a group, registering again, connections kept', 'x509', 'kept'],
  ['X.509 of a group, new devices, a connection each', 'x509', 'each'],
  ['TPM, RSA-2048, registering again, connections kept', 'tpm', 'kept'],
  ['TPM, RSA-2048, registering again, a connection each', 'tpm', 'each'],
];
const storms = [['symmetric key', 'key'], ['X.509', 'x509']];

const chosen = process.argv.slice(2);
const parts = [['steady', 'storm'], ['key', 'x509', 'tpm']];
const unknown = chosen.filter(part => !parts.flat().includes(part));
if (unknown.length) {
  console.error(`bench/provisioning: unknown part ${unknown.join(', ')}; the parts are ${parts.flat().join(', ')}`);
  process.exit(2);
}
/** Named, or nothing of its kind is. */
const wants = part => chosen.includes(part) || !parts.find(kind => kind.includes(part)).some(other => chosen.includes(other));
const seconds = Number(process.env.SECONDS_EACH || 8);
const devices = Number(process.env.DEVICES || 10_000);
const out = path.join(root, 'artifacts', 'bench', 'registrations');
execFileSync('dotnet', ['build', path.join(bench, 'load', 'registrations'), '-c', 'Release', '-v', 'quiet', '--nologo', '-o', out], { stdio: ['ignore', 2, 2] });

if (wants('steady')) {
  console.log('| registrations, 16 at once | per second | server CPU µs each | per second and core | p50 ms | p99 ms | resident MB |\n|---|---|---|---|---|---|---|');
  for (const [what, mode, shape] of steady.filter(row => wants(row[1]))) {
    const figures = await run({ mode, shape, seconds, 'in-flight': 16 });
    console.log(`| ${what} | ${figures.perSecond} | ${figures.cpuMicros} | ${figures.perCore} | ${figures.p50} | ${figures.p99} | ${figures.residentMegabytes} |`);
  }
}
if (wants('storm')) {
  console.log(`\n| ${devices.toLocaleString('en')} devices at once | first assigned after s | half | 99 % | all | per second | server CPU µs each | longest wait for its turn s | told to come again: mean, most | connection refused: mean, most | resident MB |\n|---|---|---|---|---|---|---|---|---|---|---|`);
  for (const [what, mode] of storms.filter(row => wants(row[1]))) {
    const figures = await run({ mode, shape: 'storm', devices });
    console.log(`| ${what} | ${figures.first} | ${figures.p50} | ${figures.p99} | ${figures.longest} | ${figures.perSecond} | ${figures.cpuMicros} | ${figures.longestInLine} | ${figures.throttledMean}, ${figures.throttledMost} | ${figures.refusedMean}, ${figures.refusedMost} | ${figures.residentMegabytes} |`);
  }
}

/** On a server of its own: what was registered before costs nothing then. */
async function run(settings) {
  const server = await startGatehouse(process.env.STORE ? ['--store', process.env.STORE] : []);
  try {
    const words = Object.entries({ ...settings, connection: path.join(server.data, 'connection.json') }).map(([name, value]) => `${name}=${value}`);
    return JSON.parse(await new Promise((done, fail) => execFile(path.join(out, 'registerload'), words, (error, stdout, stderr) => (error ? fail(new Error(stderr || error.message)) : done(stdout)))));
  } finally {
    await server.stop();
  }
}
