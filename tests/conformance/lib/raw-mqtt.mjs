// A raw MQTT driver for what SDKs do not do. Bytes out as given, packets in by mqtt-packet.
import mqttPacket from 'mqtt-packet';
import tls from 'node:tls';
import { sasToken } from './hub.mjs';
import { sleep } from './server.mjs';

export class RawDevice {
  static async open(hub, { key, cert } = {}) {
    const device = new RawDevice();
    device.packets = [];
    device.closed = false;
    device.parser = mqttPacket.parser({ protocolVersion: 4 });
    device.parser.on('packet', packet => device.packets.push(packet));
    device.parser.on('error', () => {});
    await new Promise((done, fail) => {
      device.socket = tls.connect({ host: 'localhost', port: hub.connection.ports.mqtt, ca: hub.ca, key, cert }, done);
      device.socket.once('error', fail);
    });
    device.socket.on('error', () => {});
    device.socket.on('data', bytes => device.parser.parse(bytes));
    device.socket.on('close', () => { device.closed = true; });
    return device;
  }

  /** CONNECT of the identity; `more` overrides any field of the packet. */
  static connectPacket(hub, identity, more = {}) {
    const clientId = identity.moduleId ? `${identity.deviceId}/${identity.moduleId}` : identity.deviceId;
    const resource = `${hub.host}/devices/${identity.deviceId}${identity.moduleId ? `/modules/${identity.moduleId}` : ''}`;
    const key = identity.authentication?.symmetricKey?.primaryKey;
    return mqttPacket.generate({
      cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId, keepalive: 60, username: `${hub.host}/${clientId}/?api-version=2021-04-12`,
      ...(key ? { password: Buffer.from(sasToken(resource, key)) } : {}), ...more,
    });
  }

  static async connect(hub, identity, more, tlsOptions) {
    const device = await RawDevice.open(hub, tlsOptions);
    device.write(RawDevice.connectPacket(hub, identity, more));
    device.connack = await device.next('connack');
    return device;
  }

  write(bytes) { if (!this.socket.destroyed) this.socket.write(bytes); }

  send(packet) { this.write(mqttPacket.generate({ dup: false, retain: false, qos: 0, ...packet })); }

  publish(topic, payload, messageId = 1, qos = 1) { this.send({ cmd: 'publish', topic, payload, qos, messageId }); }

  /** Waits for the next packet of this kind. */
  async next(cmd, seconds = 60) {
    for (let waited = 0; waited < seconds * 100; waited++) {
      const index = this.packets.findIndex(packet => packet.cmd === cmd);
      if (index >= 0) return this.packets.splice(index, 1)[0];
      if (this.closed) throw new Error(`the server closed before ${cmd}`);
      await sleep(10);
    }
    throw new Error(`no ${cmd} within ${seconds} s`);
  }

  /** Whether the server closed within this time. */
  async untilClosed(seconds = 60) {
    for (let waited = 0; waited < seconds * 100; waited++) {
      if (this.closed) return true;
      await sleep(10);
    }
    return false;
  }

  end() { this.socket.destroy(); }
}
