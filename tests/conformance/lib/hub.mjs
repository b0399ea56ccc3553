// What scenarios share: the hub under test, its REST API, devices, and the events that were read back.
import { createHmac, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { sleep } from './server.mjs';

export const fields = text => Object.fromEntries(text.split(';').map(part => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]));

export class Hub {
  constructor(connection) {
    this.connection = connection;
    this.policy = fields(connection.hub.connectionString);
    this.host = this.policy.HostName;
    this.ca = fs.readFileSync(connection.caFile, 'utf8');
    this.agent = new https.Agent({ keepAlive: true, ca: this.ca });
  }

  /** The server that run.mjs started. */
  static running() {
    return new Hub(JSON.parse(fs.readFileSync(path.join(process.env.GATEHOUSE_CONFORMANCE_DATA, 'connection.json'), 'utf8')));
  }

  get connectionString() { return this.connection.hub.connectionString; }

  token(policyName = this.policy.SharedAccessKeyName, key = this.policy.SharedAccessKey) {
    return sasToken(this.host, key, { policyName });
  }

  /** Returns { status, headers, body }; body is parsed JSON, or text where it is none. */
  async send(method, target, body, headers = {}) {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return await new Promise((done, fail) => {
      const call = https.request({
        host: 'localhost', port: this.connection.ports.https, method, path: target, agent: this.agent,
        headers: { Authorization: this.token(), ...(text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }), ...headers },
      }, reply => {
        let answer = '';
        reply.on('data', part => { answer += part; });
        reply.on('end', () => {
          let parsed = answer;
          try { parsed = JSON.parse(answer); } catch { /* not JSON: the text itself */ }
          done({ status: reply.statusCode, headers: reply.headers, body: parsed });
        });
      });
      call.once('error', fail);
      call.end(text);
    });
  }

  async call(method, target, body, headers) {
    const reply = await this.send(method, target, body, headers);
    if (reply.status >= 300) throw new Error(`${method} ${target}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  async createDevice(id = unique(), more = {}) {
    return await this.call('PUT', `/devices/${encodeURIComponent(id)}?api-version=2021-04-12`, { deviceId: id, status: 'enabled', ...more });
  }

  async createModule(device, id = unique('m'), more = {}) {
    return await this.call('PUT', `/devices/${encodeURIComponent(device)}/modules/${encodeURIComponent(id)}?api-version=2021-04-12`, { deviceId: device, moduleId: id, ...more });
  }

  deviceConnectionString(identity) {
    const module = identity.moduleId ? `;ModuleId=${identity.moduleId}` : '';
    return `HostName=${this.host};DeviceId=${identity.deviceId}${module};SharedAccessKey=${identity.authentication.symmetricKey.primaryKey}`;
  }

  /** Reads the live stream from the earliest event until `count` events of the device have come. */
  async events(device, count, seconds = 90) {
    const found = [];
    await this.eachEvent(device, event => found.push(event) >= count, () => `${found.length} of ${count} events of ${device} came`, seconds);
    return found;
  }

  /** Shows each event of the device, from the earliest, to `see` until that answers true; `soFar` says how far it came, should time run out. */
  async eachEvent(device, see, soFar, seconds = 90) {
    const target = `/gatehouse/v1/events?from=earliest&device=${encodeURIComponent(device)}`;
    await new Promise((done, fail) => {
      let ended = false;
      const end = (error) => {
        if (ended) return;
        ended = true;
        clearTimeout(timer);
        call.destroy();
        if (error) fail(error); else done();
      };
      const timer = setTimeout(() => end(new Error(`${soFar()} within ${seconds} s`)), seconds * 1000);
      const call = https.request({ host: 'localhost', port: this.connection.ports.https, path: target, ca: this.ca, headers: { Authorization: this.token() } }, reply => {
        if (reply.statusCode !== 200) { end(new Error(`${target}: ${reply.statusCode}`)); return; }
        let rest = '';
        reply.setEncoding('utf8').on('data', part => {
          const lines = (rest + part).split('\n');
          rest = lines.pop();
          let enough = false;
          for (const line of lines.filter(text => text.trim())) enough = see(JSON.parse(line)) || enough;
          if (enough) end();
        });
        reply.once('close', () => end(new Error(`${target}: the stream ended: ${soFar()}`)));
      });
      call.on('error', end);
      call.end();
    });
  }

  /** The newest refusal of this identity, waited for: the log is written in batches. */
  async refusal(identity, seconds = 60) {
    for (let tries = 0; tries < seconds * 20; tries++) {
      const list = await this.refusals(identity);
      if (list.length) return list[0];
      await sleep(50);
    }
    throw new Error(`no refusal of ${identity} was recorded`);
  }

  async refusals(identity) {
    const body = await this.call('GET', `/gatehouse/v1/refusals?identity=${encodeURIComponent(identity)}`);
    return body.value;
  }
}

let counter = 0;
export const unique = (prefix = 'd') => `${prefix}-${process.pid}-${++counter}-${randomBytes(3).toString('hex')}`;

/** A SAS token as the Node SDK writes it. */
export function sasToken(resource, key, { policyName, expiry = Math.floor(Date.now() / 1000) + 3600 } = {}) {
  const sr = encodeURIComponent(resource);
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(`${sr}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(signature)}${policyName ? `&skn=${policyName}` : ''}&se=${expiry}`;
}

/** Resolves with the error that the promise rejects with. */
export async function failure(promise) {
  try { await promise; } catch (error) { return error; }
  throw new Error('it was expected to fail, and did not');
}
