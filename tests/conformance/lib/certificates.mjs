// Certificates made with the openssl command, as an operator would make them.
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-certificates-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
let counter = 0;

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

const stamp = days => new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '');

/** Makes a key pair and a certificate. issuer null: self-signed. Returns { key, cert, keyFile, certFile }. age: days that it has lived already. extensions: more of them, as openssl's configuration writes them. */
export function make(commonName, { issuer = null, isAuthority = false, days = 30, backdated = false, age = 0, extensions: more = '' } = {}) {
  const base = path.join(folder, `c${++counter}`);
  const [keyFile, certFile, request, extensions] = ['.key', '.pem', '.csr', '.ext'].map(suffix => base + suffix);
  openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', keyFile);
  const own = isAuthority
    ? 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
    : 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n';
  fs.writeFileSync(extensions, own + more);
  openssl('req', '-new', '-key', keyFile, '-subj', `/CN=${commonName.replaceAll('/', '\\/')}`, '-out', request);
  const signer = issuer ? ['-CA', issuer.certFile, '-CAkey', issuer.keyFile, '-CAcreateserial'] : ['-signkey', keyFile];
  if (backdated || age > 0) {
    const [from, to] = backdated ? ['20200101000000Z', '20210101000000Z'] : [stamp(-age), stamp(days)];
    // x509 -req takes no dates in OpenSSL 3.0; the ca command does.
    const database = base + '.db';
    fs.mkdirSync(database);
    fs.writeFileSync(path.join(database, 'index.txt'), '');
    fs.writeFileSync(path.join(database, 'ca.cnf'), `[ca]\ndefault_ca=d\n[d]\ndatabase=${database}/index.txt\nnew_certs_dir=${database}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`);
    openssl('ca', '-batch', '-config', path.join(database, 'ca.cnf'), '-in', request, '-out', certFile, '-notext', '-startdate', from, '-enddate', to,
      '-extfile', extensions, ...(issuer ? ['-cert', issuer.certFile, '-keyfile', issuer.keyFile] : ['-selfsign', '-keyfile', keyFile]));
  } else {
    openssl('x509', '-req', '-in', request, '-out', certFile, '-days', String(days), '-sha256', '-extfile', extensions, ...signer);
  }
  return { keyFile, certFile, key: fs.readFileSync(keyFile, 'utf8'), cert: fs.readFileSync(certFile, 'utf8') };
}

export const thumbprint = (certificate, hash) => createHash(hash).update(new X509Certificate(certificate.cert).raw).digest('hex').toUpperCase();

/** Uploads a CA to the hub and proves possession of its key, as an operator would. */
export async function uploadVerified(hub, name, authority) {
  const target = `/gatehouse/v1/certificates/${name}`;
  const added = await hub.call('PUT', target, { properties: { certificate: authority.cert } });
  const coded = await hub.call('POST', `${target}/generateVerificationCode`, undefined, { 'If-Match': added.etag });
  const proof = make(coded.properties.verificationCode, { issuer: authority });
  const verified = await hub.call('POST', `${target}/verify`, { certificate: proof.cert }, { 'If-Match': coded.etag });
  if (verified.properties.isVerified !== true) throw new Error(`the CA was not verified: ${JSON.stringify(verified)}`);
}
