// A fleet of simulated devices in one process: MQTT over TLS, telemetry with acknowledgements, tokens renewed in time, reconnected when dropped. Counts what a rotation must not cause.
import { createHmac } from 'node:crypto';
import tls from 'node:tls';

const text = value => { const bytes = Buffer.from(value); return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]); };

function packet(type, body) {
  const length = [];
  for (let rest = body.length; ; rest >>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([type, ...length]), body]);
}

export function token(resource, key, policy, seconds) {
  const [scope, expiry] = [encodeURIComponent(resource), Math.floor(Date.now() / 1000) + seconds];
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(`${scope}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${scope}&sig=${encodeURIComponent(signature)}&se=${expiry}${policy ? `&skn=${policy}` : ''}`;
}

/**
 * options: host (of the hub), port, trust (PEM), tokenSeconds, messageSeconds.
 * A device: { id, key } by its own key, { id, policy } by that of a policy in `policies`, or { id, certificate, privateKey }; `trust` of its own where it has one.
 */
export class Fleet {
  constructor(options, devices) {
    Object.assign(this, options);
    this.policies = {};
    this.counts = { acknowledged: 0, rejected: 0, dropped: 0, refused: 0, untrusted: 0, connects: 0, lost: 0 };
    this.contexts = new Map();
    this.devices = devices.map((device, i) => Object.assign(device, { fleet: this, at: i / devices.length, waiting: 0, failed: false, reasons: [] }));
    this.stopping = false;
    this.reasons = new Map();
  }

  get open() { return this.devices.reduce((sum, each) => sum + (each.up ? 1 : 0), 0); }

  note(reason) { this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1); }

  /** One context for all devices that trust and show the same. */
  context(device) {
    const trust = device.trust ?? this.trust;
    if (device.certificate) {
      if (device.contextOf?.trust !== trust || device.contextOf.certificate !== device.certificate) {
        device.contextOf = { trust, certificate: device.certificate, context: tls.createSecureContext({ ca: trust, cert: device.certificate, key: device.privateKey }) };
      }
      return device.contextOf.context;
    }
    if (!this.contexts.has(trust)) this.contexts.set(trust, tls.createSecureContext({ ca: trust }));
    return this.contexts.get(trust);
  }

  /** Connects all, so many at once; resolves when each is in. */
  async start(parallel = 64) {
    const queue = [...this.devices];
    const next = async () => { for (let device = queue.pop(); device; device = queue.pop()) await this.connect(device); };
    await Promise.all(Array.from({ length: parallel }, next));
    this.timer = setInterval(() => this.beat(performance.now() / 1000), 100);
  }

  /** Devices send and renew at places of their own in the round, so that the load is even. */
  beat(now) {
    for (const device of this.devices) {
      if (device.nextSend === undefined) {
        device.nextSend = now + device.at * this.messageSeconds;
        device.nextRenewal = now + (0.5 + device.at / 2) * this.tokenSeconds;
      }
      if (device.up && now >= device.nextSend) {
        device.nextSend = now + this.messageSeconds;
        this.publish(device);
      }
      if (device.up && now >= device.nextRenewal && device.waiting === 0) {
        device.nextRenewal = now + (0.75 + 0.25 * ((device.at * 7919) % 1)) * this.tokenSeconds;
        this.renew(device);
      }
      if (device.waiting > 0 && now - device.sentAt > 30) {
        this.counts.lost += device.waiting;
        device.waiting = 0;
      }
    }
  }

  publish(device) {
    if (device.waiting++ === 0) device.sentAt = performance.now() / 1000;
    device.number = ((device.number ?? 0) % 65_535) + 1;
    device.socket.write(packet(0x32, Buffer.concat([text(`devices/${device.id}/messages/events/`), Buffer.from([device.number >> 8, device.number & 255]), Buffer.from('{"value":21.5}')])));
  }

  /** As the SDKs do over MQTT: a new connection with a new token, after a clean end. */
  async renew(device) {
    device.leaving = true;
    device.up = false;
    device.socket.end(Buffer.from([0xe0, 0]));
    await this.connect(device);
  }

  /** Tries until it is in or the fleet stops; every refusal is counted. */
  async connect(device) {
    for (let wait = 50; !this.stopping; wait = Math.min(wait * 2, 5_000)) {
      const problem = await this.attempt(device);
      if (!problem) { device.failed = false; return; }
      device.failed = true;
      this.note(problem);
      if (device.givesUp) return;
      await new Promise(done => setTimeout(done, wait));
    }
  }

  attempt(device) {
    return new Promise(done => {
      const user = `${this.host}/${device.id}/?api-version=2021-04-12`;
      const key = device.policy ? this.policies[device.policy] : device.key;
      const password = key ? token(`${this.host}/devices/${device.id}`, key, device.policy, this.tokenSeconds * 2) : null;
      // From many addresses, as fleets are: a server bounds what one address may have under way.
      const localAddress = `127.1.0.${1 + Math.floor(device.at * 250)}`;
      const socket = tls.connect({ host: '127.0.0.1', localAddress, port: this.port, servername: 'localhost', secureContext: this.context(device) });
      let [isUp, isOver] = [false, false];
      const end = problem => { if (!isOver) { isOver = true; done(problem); } };
      socket.once('secureConnect', () => {
        socket.write(packet(0x10, Buffer.concat([text('MQTT'), Buffer.from([4, password ? 0xc2 : 0x82, 1, 0x2c]), text(device.id), text(user), ...(password ? [text(password)] : [])])));
      });
      let rest = Buffer.alloc(0);
      socket.on('data', bytes => {
        rest = rest.length ? Buffer.concat([rest, bytes]) : bytes;
        // All that the hub sends here are packets of four bytes.
        for (; rest.length >= 4; rest = rest.subarray(4)) {
          if (rest[0] === 0x20) {
            if (rest[3] !== 0) { this.counts.refused++; end(`CONNACK ${rest[3]}`); socket.destroy(); return; }
            isUp = true;
            device.leaving = false;
            device.up = true;
            device.socket = socket;
            this.counts.connects++;
            end(null);
          } else if (rest[0] === 0x40) {
            this.counts.acknowledged++;
            device.waiting = Math.max(0, device.waiting - 1);
          }
        }
      });
      socket.on('error', error => {
        if (!isUp && /CERT|self.signed|issuer/i.test(`${error.code} ${error.message}`)) { this.counts.untrusted++; end(`untrusted: ${error.code}`); } else end(error.code ?? error.message);
      });
      socket.once('close', () => {
        end('closed');
        if (!isUp || device.socket !== socket) return;
        device.up = false;
        if (device.leaving || this.stopping) return;
        this.counts.dropped++;
        this.counts.rejected += device.waiting;
        device.waiting = 0;
        this.note('dropped');
        this.connect(device);
      });
    });
  }

  async stop() {
    this.stopping = true;
    clearInterval(this.timer);
    for (const device of this.devices) { device.leaving = true; device.socket?.destroy(); }
  }
}
