/* amqpload: telemetry over AMQP 1.0 and TLS, as a gateway with pooled devices sends it.
 *
 * It opens -c connections; each brings one policy token to $cbs and attaches -l sender links, one device each. Then it
 * sends -n messages with at most -w unsettled per connection, or holds the connections idle. What the run cost the
 * *server* is read from /proc, as mqload does. One JSON line on stdout.
 *
 *   build:    cc -O2 -o amqpload amqpload.c -lssl -lcrypto
 *   publish:  amqpload -p 5671 --tls ca.pem --policy iothubowner --key BASE64 --pid PID -c 4 -l 25 -n 400000 -w 100 -s 256
 *   idle:     amqpload --mode idle -c 10000 -l 1 --hold 8 ...
 *
 * Devices are dev0, dev1, …, registered before.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IN_BYTES = 8192, OUT_BYTES = 262144 };

typedef struct {
    int fd, inflight, next_link, in_len, out_len, out_off;
    uint32_t delivery;
    SSL *ssl;
    unsigned char *in, *out;
} conn_t;

static const char *mode = "publish", *policy = "iothubowner", *ca, *host = "localhost";
static int port = 5671, conns = 4, links = 25, size = 256, window = 100, hold = 8, sources = 8, pid, devices = 10000;
static long total = 100000, sent, acked;
static unsigned char policy_key[256];
static int policy_key_len;
static SSL_CTX *ctx;
static double sent_at[65536];
static double *latencies;
static long n_lat;

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void die(const char *m) { fprintf(stderr, "amqpload: %s: %s\n", m, strerror(errno)); ERR_print_errors_fp(stderr); exit(1); }

static void server_cost(double *cpu, long *rss_kib) {
    char path[64], buf[4096]; long u = 0, s = 0, pages = 0; *cpu = 0; *rss_kib = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r"); if (!f) return;
    size_t n = fread(buf, 1, sizeof buf - 1, f); buf[n] = 0; fclose(f);
    char *p = strrchr(buf, ')');
    if (p && sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &u, &s) == 2) *cpu = (u + s) / (double)sysconf(_SC_CLK_TCK);
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    if ((f = fopen(path, "r"))) { if (fscanf(f, "%*d %ld", &pages) == 1) *rss_kib = pages * (sysconf(_SC_PAGESIZE) / 1024); fclose(f); }
}

static void urlencode(char *out, const char *s) {
    for (; *s; s++) if (isalnum((unsigned char)*s) || strchr("-_.~", *s)) *out++ = *s; else out += sprintf(out, "%%%02x", (unsigned char)*s);
    *out = 0;
}

static void token(char *out, size_t cap) {
    unsigned char sig[32]; unsigned len = 32; char text[300], b64[64], enc[200]; long se = time(NULL) + 3600;
    snprintf(text, sizeof text, "%s\n%ld", host, se);
    HMAC(EVP_sha256(), policy_key, policy_key_len, (unsigned char *)text, strlen(text), sig, &len);
    EVP_EncodeBlock((unsigned char *)b64, sig, 32); urlencode(enc, b64);
    snprintf(out, cap, "SharedAccessSignature sr=%s&sig=%s&se=%ld&skn=%s", host, enc, se, policy);
}

/* AMQP values into a growing cursor */
static unsigned char *w;
static void b(int v) { *w++ = v; }
static void u32(uint32_t v) { b(v >> 24); b(v >> 16); b(v >> 8); b(v); }
static void put(const void *p, int n) { memcpy(w, p, n); w += n; }
static void str(const char *s) { int n = strlen(s); if (n < 256) { b(0xa1); b(n); } else { b(0xb1); u32(n); } put(s, n); }
static void uint_(uint32_t v) { b(0x70); u32(v); }
static unsigned char *frame(int channel) { unsigned char *m = w; u32(0); b(2); b(0); b(channel >> 8); b(channel); return m; }
static void patch(unsigned char *m, uint32_t v) { m[0] = v >> 24; m[1] = v >> 16; m[2] = v >> 8; m[3] = v; }
static void end(unsigned char *m) { patch(m, w - m); }
static unsigned char *list(int code) { b(0); b(0x53); b(code); b(0xd0); unsigned char *m = w; u32(0); u32(0); return m; }
static void end_list(unsigned char *m, int count) { patch(m, w - m - 4); patch(m + 4, count); }

static void attach(int handle, int is_receiver, const char *address) {
    char name[32]; snprintf(name, sizeof name, "l%d", handle);
    unsigned char *f = frame(0), *l = list(0x12), *t;
    str(name); uint_(handle); b(is_receiver ? 0x41 : 0x42); b(0x40); b(0x40);
    t = list(0x28); if (is_receiver) str(address); end_list(t, is_receiver);
    t = list(0x29); if (!is_receiver) str(address); end_list(t, !is_receiver);
    b(0x40); b(0x40); uint_(0);
    end_list(l, 10); end(f);
}

static void transfer_head(int handle, uint32_t id) {
    unsigned char *l = list(0x14); unsigned char tag[4] = { id >> 24, id >> 16, id >> 8, id };
    uint_(handle); uint_(id); b(0xa0); b(4); put(tag, 4); b(0x43); b(0x42);
    end_list(l, 5);
}

static void write_all(conn_t *c, unsigned char *p, int n) { if (SSL_write(c->ssl, p, n) != n) die("write"); }

/* Reads until this many frames with the descriptor have come; returns the last one's body in c->in (blocking) */
static void await(conn_t *c, int code, int count, int is_answer) {
    while (count) {
        int off = 0;
        while (c->in_len - off >= 8) {
            unsigned char *p = c->in + off; int n = p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
            if (!memcmp(p, "AMQP", 4)) { off += 8; continue; }
            if (n > IN_BYTES || c->in_len - off < n) break;
            if (n > 11 && p[10] == code) {
                if (is_answer && !memmem(p, n, "status-code\x71\0\0\0\xc8", 16)) { fprintf(stderr, "amqpload: the token was refused\n"); exit(1); }
                count--;
            } else if (n > 11 && (p[10] == 0x16 || p[10] == 0x18)) { fprintf(stderr, "amqpload: the server refused: %.*s\n", n - 11, p + 11); exit(1); }
            off += n;
            if (!count) break;
        }
        memmove(c->in, c->in + off, c->in_len - off); c->in_len -= off;
        if (!count) break;
        int n = SSL_read(c->ssl, c->in + c->in_len, IN_BYTES - c->in_len);
        if (n <= 0) die("read");
        c->in_len += n;
    }
}

static void open_conn(conn_t *c, int id) {
    static unsigned char buffer[1 << 20]; char text[1024], address[64];
    c->in = malloc(IN_BYTES);
    c->fd = socket(AF_INET, SOCK_STREAM, 0); if (c->fd < 0) die("socket");
    int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in src = { .sin_family = AF_INET }, to = { .sin_family = AF_INET, .sin_port = htons(port) }; char ip[32];
    snprintf(ip, sizeof ip, "127.0.1.%d", 1 + id % sources); inet_pton(AF_INET, ip, &src.sin_addr); inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    setsockopt(c->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
    if (bind(c->fd, (void *)&src, sizeof src) || connect(c->fd, (void *)&to, sizeof to)) die("connect");
    c->ssl = SSL_new(ctx); SSL_set_fd(c->ssl, c->fd); SSL_set_tlsext_host_name(c->ssl, host);
    if (SSL_connect(c->ssl) != 1) die("handshake");
    w = buffer; put("AMQP\0\1\0\0", 8);
    unsigned char *f = frame(0), *l = list(0x10); str("amqpload"); str(host); end_list(l, 2); end(f);
    f = frame(0); l = list(0x11); b(0x40); b(0x43); uint_(100000); uint_(100000); end_list(l, 4); end(f);
    attach(0, 0, "$cbs"); attach(1, 1, "$cbs");
    f = frame(0); l = list(0x13); uint_(0); uint_(100000); uint_(0); uint_(100000); uint_(1); uint_(0); uint_(10); end_list(l, 7); end(f);
    f = frame(0); transfer_head(0, 0);
    l = list(0x73); str("m"); end_list(l, 1);
    b(0); b(0x53); b(0x74); b(0xd1); l = w; u32(0); u32(0);
    str("operation"); str("put-token"); str("type"); str("servicebus.windows.net:sastoken"); str("name"); str(host); end_list(l, 6);
    token(text, sizeof text); b(0); b(0x53); b(0x77); str(text); end(f);
    write_all(c, buffer, w - buffer);
    await(c, 0x14, 1, 1);
    w = buffer;
    for (int i = 0; i < links; i++) { snprintf(address, sizeof address, "/devices/dev%d/messages/events", (id * links + i) % devices); attach(2 + i, 0, address); }
    write_all(c, buffer, w - buffer);
    await(c, 0x12, links, 0);
    c->delivery = 1;
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

static void fill(conn_t *c) {
    if (c->out_off == c->out_len) c->out_off = c->out_len = 0;
    w = c->out + c->out_len;
    while (sent < total && c->inflight < window && w - c->out < OUT_BYTES - size - 256) {
        unsigned char *f = frame(0); transfer_head(2 + c->next_link, c->delivery);
        unsigned char *l = list(0x73); str("message-1"); for (int i = 0; i < 5; i++) b(0x40); b(0xa3); b(16); put("application/json", 16); b(0xa3); b(5); put("utf-8", 5); end_list(l, 8);
        b(0); b(0x53); b(0x75); b(0xb0); u32(size); memset(w, 'x', size); w += size; end(f);
        sent_at[c->delivery & 65535] = now();
        c->delivery++; c->inflight++; sent++; c->next_link = (c->next_link + 1) % links;
    }
    c->out_len = w - c->out;
}

static uint32_t get_uint(unsigned char **p) {
    uint32_t v = 0; int code = *(*p)++;
    if (code == 0x52) v = *(*p)++; else if (code == 0x70) { v = (*p)[0] << 24 | (*p)[1] << 16 | (*p)[2] << 8 | (*p)[3]; *p += 4; } else if (code == 0x40) v = UINT32_MAX;
    return v;
}

static void on_frame(conn_t *c, unsigned char *p, int n) {
    if (n < 12 || p[10] != 0x15) { if (n > 11 && (p[10] == 0x16 || p[10] == 0x18)) { fprintf(stderr, "amqpload: closed: %.*s\n", n - 11, p + 11); exit(1); } return; }
    unsigned char *q = p + 11; q += *q == 0xc0 ? 3 : 9;                            /* list head */
    q++;                                                                          /* role */
    uint32_t first = get_uint(&q), last = get_uint(&q); if (last == UINT32_MAX) last = first;
    double t = now();
    for (uint32_t i = first; i <= last; i++) if (n_lat < 1000000) latencies[n_lat++] = t - sent_at[i & 65535];
    acked += last - first + 1; c->inflight -= last - first + 1;
}

static int step(conn_t *c) {
    int did = 0;
    fill(c);
    while (c->out_off < c->out_len) { int n = SSL_write(c->ssl, c->out + c->out_off, c->out_len - c->out_off > 16384 ? 16384 : c->out_len - c->out_off); if (n <= 0) break; c->out_off += n; did = 1; }
    for (;;) {
        int n = SSL_read(c->ssl, c->in + c->in_len, IN_BYTES - c->in_len);
        if (n <= 0) { if (SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ) die("the server closed a connection"); break; }
        c->in_len += n; did = 1;
        int off = 0;
        while (c->in_len - off >= 8) {
            unsigned char *p = c->in + off; int size = p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
            if (c->in_len - off < size) break;
            on_frame(c, p, size); off += size;
        }
        memmove(c->in, c->in + off, c->in_len - off); c->in_len -= off;
    }
    return did;
}

static int by_value(const void *a, const void *c) { double x = *(double *)a, y = *(double *)c; return x < y ? -1 : x > y; }

int main(int argc, char **argv) {
    static struct option opts[] = { {"mode",1,0,1},{"tls",1,0,2},{"policy",1,0,3},{"key",1,0,4},{"pid",1,0,5},{"hold",1,0,6},{"devices",1,0,7},{0,0,0,0} };
    int o;
    while ((o = getopt_long(argc, argv, "p:c:l:n:w:s:", opts, NULL)) != -1) switch (o) {
        case 'p': port = atoi(optarg); break; case 'c': conns = atoi(optarg); break; case 'l': links = atoi(optarg); break; case 'n': total = atol(optarg); break;
        case 'w': window = atoi(optarg); break; case 's': size = atoi(optarg); break; case 1: mode = optarg; break; case 2: ca = optarg; break; case 3: policy = optarg; break;
        case 4: policy_key_len = EVP_DecodeBlock(policy_key, (unsigned char *)optarg, strlen(optarg)); for (int i = strlen(optarg) - 1; i > 0 && optarg[i] == '='; i--) policy_key_len--; break;
        case 5: pid = atoi(optarg); break; case 6: hold = atoi(optarg); break; case 7: devices = atoi(optarg); break;
        default: return 2;
    }
    ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    if (!ca || !SSL_CTX_load_verify_locations(ctx, ca, NULL)) die("--tls");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    latencies = malloc(1000000 * sizeof *latencies);
    conn_t *all = calloc(conns, sizeof *all);
    double cpu0, cpu1, cpu2, start = now(); long rss0, rss1, rss2;
    server_cost(&cpu0, &rss0);
    for (int i = 0; i < conns; i++) open_conn(&all[i], i);
    server_cost(&cpu1, &rss1);
    printf("{\"mode\":\"%s\",\"connections\":%d,\"links\":%d,\"connects_per_s\":%.0f,\"server_cpu_us_per_connect\":%.1f", mode, conns, links, conns / (now() - start), (cpu1 - cpu0) * 1e6 / conns);
    if (!strcmp(mode, "publish")) {
        for (int i = 0; i < conns; i++) all[i].out = malloc(OUT_BYTES);
        struct pollfd *polls = calloc(conns, sizeof *polls);
        start = now();
        while (acked < total && now() - start < 120) {
            int did = 0;
            for (int i = 0; i < conns; i++) { did |= step(&all[i]); polls[i] = (struct pollfd){ all[i].fd, POLLIN | (all[i].out_off < all[i].out_len ? POLLOUT : 0), 0 }; }
            if (!did) poll(polls, conns, 100);
        }
        double t = now() - start; server_cost(&cpu2, &rss2);
        qsort(latencies, n_lat, sizeof *latencies, by_value);
        printf(",\"payload\":%d,\"window\":%d,\"acked\":%ld,\"msgs_per_s\":%.0f,\"server_cpu_us_per_msg\":%.2f,\"ack_ms_p50\":%.3f,\"ack_ms_p99\":%.3f", size, window, acked, acked / t, (cpu2 - cpu1) * 1e6 / acked, latencies[n_lat / 2] * 1e3, latencies[n_lat * 99 / 100] * 1e3);
    } else {
        sleep(hold); server_cost(&cpu2, &rss2);
        printf(",\"server_kib_per_idle_connection\":%.2f,\"server_cpu_percent_idle\":%.2f", (rss2 - rss0) / (double)conns, (cpu2 - cpu1) / hold * 100);
    }
    printf("}\n");
    return 0;
}
