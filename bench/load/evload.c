/* evload: reads a hub's events as an Event Hubs client does, and reports what that cost the *server*.
 *
 * One AMQP 1.0 connection over TLS (SASL PLAIN), one receiver per partition, pre-settled, credit renewed at half.
 * CPU is read from /proc, so a figure does not depend on what this client takes. One JSON line on stdout.
 *
 *   build:    cc -O2 -pthread -o evload evload.c -lssl -lcrypto
 *   read:     evload --mode read -n COUNT ...      from the oldest event until COUNT have come
 *   latency:  evload --mode latency --rate R --seconds S --mqtt PORT < devices
 *             publishes R messages a second over MQTT (QoS 1, TLS) with the time in their bodies, and reads them: send to receive, in ms.
 *   publish:  the same without the reader: what of the cost is the publisher's
 *             Each line of standard input is one device: client id, user name and password, separated by tabs.
 *
 * EVLOAD_USER and EVLOAD_PASSWORD in the environment are for SASL PLAIN: {policy}@sas.root.{hub} and a SAS token.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PARTITIONS = 32, MAX_DEVICES = 256, MAX_LATENCIES = 4000000 };

static const char *host = "localhost", *entity = "gatehouse", *ca, *mode = "read";
static int port = 5671, mqtt_port = 8883, partitions = 4, pid, size = 256, credit = 5000;
static double rate = 10000, seconds = 10;
static long total = 1000000;
static SSL_CTX *ctx;
static volatile int stop;
static volatile long published, acknowledged;

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void die(const char *m) { fprintf(stderr, "evload: %s\n", m); ERR_print_errors_fp(stderr); exit(1); }

static double server_cpu(void) {
    char path[64], buf[4096]; snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r"); if (!f) die("the server is gone");
    size_t n = fread(buf, 1, sizeof buf - 1, f); buf[n] = 0; fclose(f);
    long u = 0, s = 0; char *p = strrchr(buf, ')');
    if (!p || sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &u, &s) != 2) die("/proc");
    return (u + s) / (double)sysconf(_SC_CLK_TCK);
}

static SSL *dial(int to) {
    struct hostent *he = gethostbyname(host); if (!he) die("host");
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(to) }; memcpy(&addr.sin_addr, he->h_addr, 4);
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (fd < 0 || connect(fd, (void *)&addr, sizeof addr)) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    SSL *ssl = SSL_new(ctx); SSL_set_fd(ssl, fd); SSL_set_tlsext_host_name(ssl, host);
    if (SSL_connect(ssl) != 1) die("TLS");
    return ssl;
}

static void write_all(SSL *ssl, const void *p, int n) { if (SSL_write(ssl, p, n) != n) die("write"); }
static void read_all(SSL *ssl, unsigned char *p, int n) { while (n > 0) { int r = SSL_read(ssl, p, n); if (r <= 0) die("the server closed"); p += r; n -= r; } }
static uint32_t be32(const unsigned char *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

/* --- AMQP 1.0, just enough of it --- */
typedef struct { unsigned char b[16384]; int n, fields_at, count; } frame_t;
static void raw(frame_t *f, const void *p, int n) { memcpy(f->b + f->n, p, n); f->n += n; }
static void byte(frame_t *f, int v) { f->b[f->n++] = v; }
static void u32(frame_t *f, uint32_t v) { byte(f, v >> 24); byte(f, v >> 16); byte(f, v >> 8); byte(f, v); }
static void uint_field(frame_t *f, uint32_t v) { byte(f, 0x70); u32(f, v); f->count++; }
static void variable(frame_t *f, int code, const void *p, int n) { byte(f, code); u32(f, n); raw(f, p, n); f->count++; }
static void text(frame_t *f, const char *s) { variable(f, 0xb1, s, strlen(s)); }
static void null(frame_t *f, int times) { while (times--) { byte(f, 0x40); f->count++; } }
static int open_list(frame_t *f, int descriptor) { byte(f, 0); byte(f, 0x53); byte(f, descriptor); byte(f, 0xd0); u32(f, 0); u32(f, 0); return f->n - 8; }
static void close_list(frame_t *f, int at, int count) { frame_t t = { .n = 0 }; u32(&t, f->n - at - 4); u32(&t, count); memcpy(f->b + at, t.b, 8); }
static void begin(frame_t *f, int type, int descriptor) { f->n = f->count = 0; u32(f, 0); byte(f, 2); byte(f, type); byte(f, 0); byte(f, 0); f->fields_at = open_list(f, descriptor); }
static void end(frame_t *f, SSL *ssl) { close_list(f, f->fields_at, f->count); int n = f->n; f->n = 0; u32(f, n); write_all(ssl, f->b, n); f->n = n; }

static frame_t out;
static uint32_t received;

static void send_flow(SSL *ssl, int handle, uint32_t count) {
    begin(&out, 0, 0x13);
    uint_field(&out, received); uint_field(&out, 0x7fffffff); uint_field(&out, 0); uint_field(&out, 100); uint_field(&out, handle); uint_field(&out, count); uint_field(&out, credit);
    end(&out, ssl);
}

static void send_attach(SSL *ssl, int handle, const char *selector) {
    char name[32], address[256]; snprintf(name, sizeof name, "r%d", handle); snprintf(address, sizeof address, "%s/ConsumerGroups/$Default/Partitions/%d", entity, handle);
    begin(&out, 0, 0x12);
    text(&out, name); uint_field(&out, handle); byte(&out, 0x41); byte(&out, 0x50); byte(&out, 1); byte(&out, 0x50); byte(&out, 0); out.count += 3;
    int keep = out.count, source = open_list(&out, 0x28); out.count = 0;
    text(&out, address); null(&out, 6);
    byte(&out, 0xd1); int map = out.n; u32(&out, 0); u32(&out, 2);
    variable(&out, 0xb3, "apache.org:selector-filter:string", 33);
    byte(&out, 0); byte(&out, 0x80); u32(&out, 0x468c); u32(&out, 4); text(&out, selector);
    frame_t t = { .n = 0 }; u32(&t, out.n - map - 4); memcpy(out.b + map, t.b, 4);
    close_list(&out, source, 8);
    int target = open_list(&out, 0x29); close_list(&out, target, 0);
    out.count = keep + 2;
    end(&out, ssl);
}

static int read_frame(SSL *ssl, unsigned char *b, int cap) {
    unsigned char head[4]; read_all(ssl, head, 4);
    int n = be32(head); if (n < 8 || n > cap) die("frame size");
    memcpy(b, head, 4); read_all(ssl, b + 4, n - 4);
    return n;
}

static SSL *open_reader(const char *selector) {
    static unsigned char b[1 << 20];
    SSL *ssl = dial(port);
    write_all(ssl, "AMQP\3\1\0\0", 8); read_all(ssl, b, 8); read_frame(ssl, b, sizeof b);
    const char *user = getenv("EVLOAD_USER"), *password = getenv("EVLOAD_PASSWORD"); if (!user || !password) die("EVLOAD_USER and EVLOAD_PASSWORD are needed");
    unsigned char plain[4096]; int n = 0; plain[n++] = 0; n += sprintf((char *)plain + n, "%s", user); plain[n++] = 0; n += sprintf((char *)plain + n, "%s", password);
    begin(&out, 1, 0x41); variable(&out, 0xb3, "PLAIN", 5); variable(&out, 0xb0, plain, n); end(&out, ssl);
    n = read_frame(ssl, b, sizeof b); if (n < 16 || memchr(b + 11, 0x50, n - 11) == NULL || ((unsigned char *)memchr(b + 11, 0x50, n - 11))[1]) die("SASL was refused");
    write_all(ssl, "AMQP\0\1\0\0", 8); read_all(ssl, b, 8);
    begin(&out, 0, 0x10); text(&out, "evload"); text(&out, host); uint_field(&out, 65536); end(&out, ssl);
    begin(&out, 0, 0x11); null(&out, 1); uint_field(&out, 0); uint_field(&out, 0x7fffffff); uint_field(&out, 100); end(&out, ssl);
    for (int i = 0; i < partitions; i++) { send_attach(ssl, i, selector); send_flow(ssl, i, 0); }
    return ssl;
}

/* Calls for each transfer with its whole frame until it says stop. */
static void read_events(SSL *ssl, int (*take)(const unsigned char *frame, int n)) {
    static unsigned char b[1 << 20]; int have = 0; uint32_t counts[MAX_PARTITIONS] = { 0 }, granted[MAX_PARTITIONS] = { 0 };
    for (;;) {
        int r = SSL_read(ssl, b + have, sizeof b - have); if (r <= 0) die("the server closed"); have += r;
        int off = 0;
        for (; have - off >= 8; ) {
            int n = be32(b + off); if (n < 8 || n > (int)sizeof b) die("frame size"); if (n > have - off) break;
            const unsigned char *f = b + off, *p = f + 8; off += n;
            if (n < 12 || p[0] != 0 || p[1] != 0x53) continue;
            if (p[2] == 0x16 || p[2] == 0x17 || p[2] == 0x18) { fwrite(p, 1, n - 8, stderr); die(": the server ended the link"); }
            if (p[2] != 0x14) continue;
            p += p[3] == 0xc0 ? 6 : 12;
            int handle = *p == 0x43 ? 0 : *p == 0x52 ? p[1] : (int)be32(p + 1); if (handle < 0 || handle >= partitions) die("handle");
            received++; counts[handle]++;
            if (counts[handle] - granted[handle] >= (uint32_t)credit / 2) { granted[handle] = counts[handle]; send_flow(ssl, handle, counts[handle]); }
            if (!take(f, n)) return;
        }
        memmove(b, b + off, have - off); have -= off;
    }
}

/* --- the publisher of the latency mode --- */
typedef struct { SSL *ssl; char topic[300]; uint16_t id; } device_t;
static device_t devices[MAX_DEVICES];
static int device_count;

static int put_str(unsigned char *b, const char *s) { int n = strlen(s); b[0] = n >> 8; b[1] = n; memcpy(b + 2, s, n); return n + 2; }
static int put_len(unsigned char *b, int n) { int i = 0; do { unsigned char d = n % 128; n /= 128; b[i++] = n ? d | 128 : d; } while (n); return i; }

static void open_devices(void) {
    char line[2048];
    while (device_count < MAX_DEVICES && fgets(line, sizeof line, stdin)) {
        char *id = strtok(line, "\t\n"), *user = strtok(NULL, "\t\n"), *password = strtok(NULL, "\t\n"); if (!id || !user || !password) continue;
        unsigned char v[4096], h[8]; int n = put_str(v, "MQTT"); v[n++] = 4; v[n++] = 0xc2; v[n++] = 0; v[n++] = 240;
        n += put_str(v + n, id); n += put_str(v + n, user); n += put_str(v + n, password);
        h[0] = 0x10; int hl = 1 + put_len(h + 1, n);
        device_t *d = &devices[device_count++]; d->ssl = dial(mqtt_port);
        write_all(d->ssl, h, hl); write_all(d->ssl, v, n); read_all(d->ssl, v, 4); if (v[3]) die("CONNACK");
        snprintf(d->topic, sizeof d->topic, "devices/%s/messages/events/", id);
    }
    if (!device_count) die("no devices on standard input");
}

static int put_message(unsigned char *b, device_t *d) {
    int at = 0, tl = strlen(d->topic) + 4; b[at++] = 0x32; at += put_len(b + at, tl + size);
    at += put_str(b + at, d->topic); if (++d->id == 0) d->id = 1; b[at++] = d->id >> 8; b[at++] = d->id;
    double t = now(); memset(b + at, 'x', size); memcpy(b + at, &t, sizeof t); published++;
    return at + size;
}

static void *publish(void *unused) {
    (void)unused; static unsigned char b[1 << 16]; double start = now(); long sent = 0, turn = 0;
    while (!stop && now() - start < seconds) {
        long due = (now() - start) * rate; int at = 0;
        while (sent < due) {                              /* what is due goes to one device after the other, 64 messages at most in one write */
            device_t *d = &devices[turn++ % device_count]; long some = (due - sent + device_count - 1) / device_count; if (some > 64) some = 64;
            for (at = 0; some > 0; some--, sent++) at += put_message(b + at, d);
            write_all(d->ssl, b, at);
        }
        for (int i = 0; i < device_count; i++) {          /* what is acknowledged is read, so that the server never waits for us */
            struct pollfd p = { .fd = SSL_get_fd(devices[i].ssl), .events = POLLIN };
            while (SSL_pending(devices[i].ssl) > 0 || poll(&p, 1, 0) > 0) { int r = SSL_read(devices[i].ssl, b, sizeof b); if (r <= 0) die("the server closed a device"); acknowledged += r / 4; if (r < (int)sizeof b) break; }
        }
        struct timespec nap = { .tv_nsec = 100000 }; nanosleep(&nap, NULL);
    }
    stop = 1;                                             /* and one more: the reader looks at it when an event comes */
    write_all(devices[0].ssl, b, put_message(b, &devices[0]));
    return NULL;
}

static float *latencies; static long n_latencies; static double warm;
static int take_latency(const unsigned char *f, int n) {
    double t; memcpy(&t, f + n - size, sizeof t); double at = now();
    if (t > warm && t <= at && n_latencies < MAX_LATENCIES) latencies[n_latencies++] = (at - t) * 1e3;
    return !(stop && n_latencies && (long)received >= published);
}
static int take_count(const unsigned char *f, int n) { (void)f; (void)n; return (long)received < total; }
static int by_value(const void *a, const void *b) { float x = *(float *)a, y = *(float *)b; return x < y ? -1 : x > y; }

int main(int argc, char **argv) {
    static struct option opts[] = { {"mode",1,0,1},{"tls",1,0,2},{"pid",1,0,3},{"rate",1,0,4},{"seconds",1,0,5},{"mqtt",1,0,6},{"entity",1,0,7},{"partitions",1,0,8},{"credit",1,0,9},{0,0,0,0} };
    int o;
    while ((o = getopt_long(argc, argv, "h:p:n:s:", opts, NULL)) != -1) switch (o) {
        case 'h': host = optarg; break; case 'p': port = atoi(optarg); break; case 'n': total = atol(optarg); break; case 's': size = atoi(optarg); break;
        case 1: mode = optarg; break; case 2: ca = optarg; break; case 3: pid = atoi(optarg); break; case 4: rate = atof(optarg); break; case 5: seconds = atof(optarg); break;
        case 6: mqtt_port = atoi(optarg); break; case 7: entity = optarg; break; case 8: partitions = atoi(optarg); break; case 9: credit = atoi(optarg); break;
        default: return 2;
    }
    if (!ca || !pid || size < 8 || size > 512 || partitions > MAX_PARTITIONS) die("--tls CA and --pid PID are needed");
    ctx = SSL_CTX_new(TLS_client_method()); if (!SSL_CTX_load_verify_locations(ctx, ca, NULL)) die("CA"); SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (!strcmp(mode, "read")) {
        double cpu = server_cpu(), start = now(); SSL *ssl = open_reader("amqp.annotation.x-opt-offset > '-1'");
        read_events(ssl, take_count);
        double t = now() - start; cpu = server_cpu() - cpu;
        printf("{\"mode\":\"read\",\"events\":%u,\"seconds\":%.3f,\"events_per_s\":%.0f,\"server_cpu_us_per_event\":%.3f,\"events_per_s_per_core\":%.0f}\n", received, t, received / t, cpu * 1e6 / received, received / cpu);
        return 0;
    }
    if (!strcmp(mode, "publish")) {
        open_devices(); double cpu = server_cpu(), start = now(); publish(NULL); double t = now() - start;
        printf("{\"mode\":\"publish\",\"rate\":%.0f,\"published\":%ld,\"server_cpu_percent\":%.1f}\n", rate, published, (server_cpu() - cpu) / t * 100);
        return 0;
    }
    latencies = malloc(MAX_LATENCIES * sizeof *latencies); open_devices(); SSL *ssl = open_reader("amqp.annotation.x-opt-offset > '@latest'");
    usleep(500000); double cpu = server_cpu(), start = now(); warm = start + 1;
    pthread_t thread; if (pthread_create(&thread, NULL, publish, NULL)) die("thread");
    read_events(ssl, take_latency); pthread_join(thread, NULL);
    double t = now() - start; cpu = server_cpu() - cpu;
    qsort(latencies, n_latencies, sizeof *latencies, by_value);
    printf("{\"mode\":\"latency\",\"rate\":%.0f,\"published\":%ld,\"received\":%u,\"msgs_per_s\":%.0f,\"server_cpu_percent\":%.1f,\"ms_p50\":%.3f,\"ms_p90\":%.3f,\"ms_p99\":%.3f,\"ms_p999\":%.3f}\n",
        rate, published, received, published / t, cpu / t * 100, latencies[n_latencies / 2], latencies[n_latencies * 9 / 10], latencies[n_latencies * 99 / 100], latencies[n_latencies * 999 / 1000]);
    return 0;
}
