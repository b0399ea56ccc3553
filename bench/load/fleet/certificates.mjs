// X.509 v3 certificates of devices, written as DER here: openssl's command would take longer for a fleet than what is measured.
import { sign } from 'node:crypto';

const der = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  const length = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const oid = hex => der(0x06, Buffer.from(hex, 'hex'));
const sequence = (...parts) => der(0x30, ...parts);
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const name = commonName => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(commonName)))));
const time = date => der(0x17, Buffer.from(date.toISOString().replace(/[-:T]/g, '').slice(2, 14) + 'Z'));
const pem = bytes => `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

const hosts = names => sequence(oid('551d11'), der(0x04, sequence(...names.map(each => der(0x82, Buffer.from(each))))));

let serial = 1;

/** A certificate of a device by a CA with a P-256 key; a CA's own when the issuer is itself; a server's when it has host names. */
export function issue(commonName, publicKey, issuerName, issuerKey, isAuthority = false, hostNames = []) {
  const number = Buffer.alloc(9);
  number.writeUIntBE(serial++, 3, 6);
  number[0] = 0x40;
  const constraints = sequence(oid('551d13'), der(0x01, Buffer.from([255])), der(0x04, isAuthority ? sequence(der(0x01, Buffer.from([255]))) : sequence()));
  const usage = sequence(oid('551d0f'), der(0x01, Buffer.from([255])), der(0x04, der(0x03, Buffer.from(isAuthority ? [1, 0x06] : [7, 0x80]))));
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), der(0x02, number), ecdsaWithSha256, name(issuerName),
    sequence(time(new Date(Date.now() - 3600_000)), time(new Date(Date.now() + 30 * 86400_000))),
    name(commonName), publicKey.export({ type: 'spki', format: 'der' }), der(0xa3, sequence(constraints, usage, ...(hostNames.length ? [hosts(hostNames)] : []))));
  const signature = sign('sha256', toBeSigned, issuerKey);
  return pem(sequence(toBeSigned, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature)));
}
