// A TCP proxy in front of one port of the server: it can be told to swallow what goes through it, and to cut every connection.
import net from 'node:net';

export class Proxy {
  static async open(port) {
    const proxy = new Proxy();
    proxy.count = 0;
    proxy.pairs = new Set();
    proxy.server = net.createServer(near => {
      const far = net.connect(port, 'localhost');
      const pair = { near, far, isSevered: false };
      proxy.count++;
      proxy.pairs.add(pair);
      for (const [one, other] of [[near, far], [far, near]]) {
        one.on('error', () => {});
        one.on('close', () => {
          if (other.destroyed) proxy.pairs.delete(pair);
          if (!pair.isSevered) other.destroySoon();
        });
        one.pipe(other);
      }
    });
    await new Promise(done => proxy.server.listen(0, 'localhost', done));
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  /** From now on nothing arrives, either way, on the connections that are open, not even their end, and nobody is told. */
  swallow() {
    for (const pair of this.pairs) {
      pair.isSevered = true;
      for (const [one, other] of [[pair.near, pair.far], [pair.far, pair.near]]) { one.unpipe(other); one.resume(); }
    }
  }

  /** Cuts all connections without a good-bye of any protocol: the server is reset; so is the client, or, without `reset`, it sees the end of the stream. */
  cut({ reset = true } = {}) {
    for (const { near, far } of this.pairs) {
      if (reset) near.resetAndDestroy(); else near.end();
      far.resetAndDestroy();
    }
  }

  close() { this.cut(); this.server.close(); }
}
