// A TCP proxy in front of one port of the server: it can be told to cut every connection that goes through it.
import net from 'node:net';

export class Proxy {
  static async open(port) {
    const proxy = new Proxy();
    proxy.pairs = new Set();
    proxy.server = net.createServer(near => {
      const far = net.connect(port, 'localhost');
      const pair = { near, far };
      proxy.pairs.add(pair);
      for (const [one, other] of [[near, far], [far, near]]) {
        one.on('error', () => {});
        one.on('close', () => { proxy.pairs.delete(pair); other.destroy(); });
        one.pipe(other);
      }
    });
    await new Promise(done => proxy.server.listen(0, 'localhost', done));
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  /** Cuts all connections: the server is reset, the client sees the end without a good-bye. A client that is reset over plain TCP is not connected again by the Node SDK: it knows no such error. */
  cut() { for (const { near, far } of this.pairs) { far.resetAndDestroy(); near.destroy(); } }

  close() { this.cut(); this.server.close(); }
}
