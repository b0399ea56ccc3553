// The certificate of servers outside of the hub, for localhost and 127.0.0.1. The hub trusts it as a machine's root, and so do the scenarios.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const inFolder = folder => ({ folder, certFile: path.join(folder, 'outside.pem'), keyFile: path.join(folder, 'outside.key'), trustFile: path.join(folder, 'trust.pem') });

/** Makes it, in a folder of its own. `trust` writes `trustFile`: this certificate and the hub's root. */
export function outside() {
  const made = inFolder(fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-outside-')));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=outside of the hub',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', made.keyFile, '-out', made.certFile], { stdio: ['ignore', 'pipe', 'pipe'] });
  return { ...made, trust: root => fs.writeFileSync(made.trustFile, fs.readFileSync(made.certFile, 'utf8') + fs.readFileSync(root, 'utf8')) };
}

/** What run.mjs made; for startAzurite({ tls }). */
export const outsideTls = () => inFolder(process.env.GATEHOUSE_CONFORMANCE_OUTSIDE);
