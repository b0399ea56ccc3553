// Starts one server on the ports that the SDKs fix, then runs the numbered scenarios against it. Prints TAP.
//   node run.mjs [WORD]     only scenario files whose name contains WORD
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { outside } from './lib/outside.mjs';
import { startServer } from './lib/server.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const word = process.argv[2] ?? '';
const files = fs.readdirSync(path.join(here, 'scenarios')).filter(name => name.endsWith('.test.mjs') && name.includes(word)).sort().map(name => path.join(here, 'scenarios', name));
if (files.length === 0) {
  console.error(`conformance: no scenario contains '${word}'`);
  process.exit(2);
}

// What the hub calls by itself (storage accounts, webhooks) lies on this machine, with a certificate of its own root.
const far = outside();
process.env.SSL_CERT_FILE = far.certFile;

// MqttWs and azure-iothub dial port 443 and nothing else; the device SDKs dial 8883 unless told otherwise.
// Faults are for scenario 20: clients cannot be told other ports, so it has no server of its own.
const server = await startServer(['--https-port', '443', '--mqtt-port', '8883', '--private-endpoints', '--fault-injection'], error => {
  console.error(`conformance: ports 443 and 8883 are needed, because the SDKs fix them: ${error}`);
  process.exit(1);
});
far.trust(server.connection.caFile);
// More at once than there are processors: scenarios wait most of their time, for clients' pauses and for servers that start.
const tests = spawn(process.execPath, ['--test', '--test-reporter=tap', '--test-concurrency=3', '--test-force-exit', ...files], {
  cwd: here,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, NODE_EXTRA_CA_CERTS: far.trustFile, GATEHOUSE_CONFORMANCE_DATA: server.data, GATEHOUSE_CONFORMANCE_OUTSIDE: far.folder },
});
const code = await new Promise(done => tests.once('exit', done));
await server.stop();
fs.rmSync(far.folder, { recursive: true });
process.exit(code ?? 1);
