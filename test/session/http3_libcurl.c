/* libcurl as a client of HTTP/3, for tests. Needs its GnuTLS build of 8.x, since others may have no HTTP/3.
 *
 *   http3_libcurl version                                   exit status 77 when this libcurl has no HTTP/3
 *   http3_libcurl get CA URL FILE [URL FILE]...             all at once, on one connection
 *   http3_libcurl upload CA METHOD URL FROM FILE            content from one file, the answer into another
 *   http3_libcurl altsvc CA CACHE URL COUNT                 one after the other; HTTP/3 only where Alt-Svc has told of it
 *   http3_libcurl wait CA URL COUNT                         one after the other, each but the first after a line of standard input
 *   http3_libcurl race VERSION CA HOST:PORT:ADDRESS URL...  2 or 3: all at once, round robin, on one connection that stands; for each: the place of
 *                                                           its URL, bytes, milliseconds until it was whole
 *   http3_libcurl large CA BASE SIZE SMALL                  SIZE bytes up and down beside SMALL small exchanges, on one connection
 *
 * A line a transfer: the version (3, 2, 1), the status, bytes received, connections made for it.
 */
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(what)                                                          \
  do {                                                                       \
    const long code_ = (long)(what);                                         \
    if (code_ != 0) {                                                        \
      fprintf(stderr, "line %d: %s: %ld\n", __LINE__, #what, code_);         \
      exit(1);                                                               \
    }                                                                        \
  } while (0)

struct transfer {
  CURL* easy;
  FILE* file;             /* where what comes goes; null: nowhere */
  uint64_t received;
  uint64_t to_send, sent; /* of a pattern */
  uint32_t check;         /* CRC-32 of what was sent */
  uint64_t wrong;         /* bytes that are not the pattern's */
  int has_pattern;
  char text[512];         /* the beginning of what came */
  size_t text_size;
  int done, quiet;
};

static uint32_t crc_table[256];
static void make_crc_table(void) {
  for (uint32_t n = 0; n < 256; ++n) {
    uint32_t c = n;
    for (int k = 0; k < 8; ++k) c = (c & 1) ? 0xedb88320U ^ (c >> 1) : c >> 1;
    crc_table[n] = c;
  }
}

static size_t on_received(char* bytes, size_t one, size_t count, void* to) {
  struct transfer* t = to;
  const size_t n = one * count;
  if (t->file != NULL && fwrite(bytes, 1, n, t->file) != n) return 0;
  if (t->has_pattern) {
    unsigned expected = (unsigned)(t->received % 251);
    for (size_t i = 0; i < n; ++i) {
      if ((unsigned char)bytes[i] != expected) ++t->wrong;
      if (++expected == 251) expected = 0;
    }
  }
  for (size_t i = 0; i < n && t->text_size + 1 < sizeof t->text; ++i) t->text[t->text_size++] = bytes[i];
  t->received += n;
  return n;
}

static size_t on_wanted(char* into, size_t one, size_t count, void* from) {
  struct transfer* t = from;
  size_t n = one * count;
  if (n > t->to_send - t->sent) n = (size_t)(t->to_send - t->sent);
  uint32_t c = t->check ^ 0xffffffffU;
  for (size_t i = 0; i < n; ++i) {
    const unsigned char byte = (unsigned char)((t->sent + i) * 7 >> 3);
    into[i] = (char)byte;
    c = crc_table[(c ^ byte) & 0xff] ^ (c >> 8);
  }
  t->check = c ^ 0xffffffffU;
  t->sent += n;
  return n;
}

static CURL* make(struct transfer* t, const char* authorities, const char* url, long version) {
  CURL* easy = t->easy = curl_easy_init();
  if (easy == NULL) exit(1);
  CHECK(curl_easy_setopt(easy, CURLOPT_URL, url));
  CHECK(curl_easy_setopt(easy, CURLOPT_CAINFO, authorities));
  CHECK(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version));
  CHECK(curl_easy_setopt(easy, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4));
  CHECK(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_received));
  CHECK(curl_easy_setopt(easy, CURLOPT_WRITEDATA, t));
  CHECK(curl_easy_setopt(easy, CURLOPT_PRIVATE, t));
  CHECK(curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L));
  CHECK(curl_easy_setopt(easy, CURLOPT_NOPROXY, "*"));
  if (getenv("CURL_VERBOSE") != NULL) CHECK(curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L));
  return easy;
}

static void tell(struct transfer* t) {
  long version = 0, status = 0, connects = 0;
  CHECK(curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version));
  CHECK(curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status));
  CHECK(curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects));
  const char* name = version == CURL_HTTP_VERSION_3 ? "3" : version == CURL_HTTP_VERSION_2_0 ? "2" : "1";
  printf("%s %ld %llu %ld\n", name, status, (unsigned long long)t->received, connects);
  fflush(stdout);
}

/* A turn of them all; the one that has ended, if one has. */
static struct transfer* turn(CURLM* multi) {
  int running = 0, left = 0;
  CHECK(curl_multi_perform(multi, &running));
  CURLMsg* message = curl_multi_info_read(multi, &left);
  if (message == NULL) {
    CHECK(curl_multi_poll(multi, NULL, 0, 1000, NULL));
    return NULL;
  }
  struct transfer* t = NULL;
  CHECK(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char**)&t));
  if (message->data.result != CURLE_OK) {
    fprintf(stderr, "%s after %llu bytes\n", curl_easy_strerror(message->data.result), (unsigned long long)t->received);
    exit(1);
  }
  if (!t->quiet) tell(t);
  t->done = 1;
  CHECK(curl_multi_remove_handle(multi, t->easy));
  curl_easy_cleanup(t->easy);
  if (t->file != NULL) CHECK(fclose(t->file));
  return t;
}

static CURLM* make_multi(void) {
  CURLM* multi = curl_multi_init();
  if (multi == NULL) exit(1);
  CHECK(curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L));
  return multi;
}

static int get(const char* authorities, int count, char** names) {
  CURLM* multi = make_multi();
  struct transfer* all = calloc((size_t)count, sizeof *all);
  if (all == NULL) return 1;
  for (int i = 0; i < count; ++i) {
    all[i].file = fopen(names[2 * i + 1], "wb");
    if (all[i].file == NULL) return 1;
    CHECK(curl_multi_add_handle(multi, make(&all[i], authorities, names[2 * i], CURL_HTTP_VERSION_3ONLY)));
  }
  for (int ended = 0; ended < count;) {
    if (turn(multi) != NULL) ++ended;
  }
  curl_multi_cleanup(multi);
  free(all);
  return 0;
}

static int upload(const char* authorities, const char* method, const char* url, const char* from, const char* into) {
  CURLM* multi = make_multi();
  struct transfer t = {0};
  FILE* content = fopen(from, "rb");
  t.file = fopen(into, "wb");
  if (content == NULL || t.file == NULL || fseek(content, 0, SEEK_END) != 0) return 1;
  const long size = ftell(content);
  rewind(content);
  CURL* easy = make(&t, authorities, url, CURL_HTTP_VERSION_3ONLY);
  CHECK(curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L));
  CHECK(curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method));
  CHECK(curl_easy_setopt(easy, CURLOPT_READDATA, content)); /* read by fread */
  CHECK(curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size));
  CHECK(curl_multi_add_handle(multi, easy));
  while (!t.done) turn(multi);
  fclose(content);
  curl_multi_cleanup(multi);
  return 0;
}

static int altsvc(const char* authorities, const char* cache, const char* url, int count) {
  struct transfer t = {0};
  CURL* easy = make(&t, authorities, url, CURL_HTTP_VERSION_NONE);
  CHECK(curl_easy_setopt(easy, CURLOPT_ALTSVC, cache));
  CHECK(curl_easy_setopt(easy, CURLOPT_ALTSVC_CTRL, (long)CURLALTSVC_H3));
  for (int i = 0; i < count; ++i) {
    t.received = 0;
    /* Only a connection that is new looks for other ways. */
    CHECK(curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L));
    CHECK(curl_easy_perform(easy));
    tell(&t);
  }
  curl_easy_cleanup(easy);
  return 0;
}

static double milliseconds(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now));
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int race(const char* version, const char* authorities, const char* resolved, int count, char** urls) {
  CURLM* multi = make_multi();
  struct curl_slist* where = curl_slist_append(NULL, resolved);
  struct curl_slist* fields = curl_slist_append(NULL, "Priority: i"); /* RFC 9218 */
  struct transfer first = {0};
  struct transfer* all = calloc((size_t)count, sizeof *all);
  if (all == NULL) return 1;
  const long by = strcmp(version, "3") == 0 ? CURL_HTTP_VERSION_3ONLY : CURL_HTTP_VERSION_2TLS;
  double begun = 0;
  /* A few exchanges first, so that both ends know the round trip without the handshake's computing in it. */
  for (int i = -20; i < count; ++i) {
    struct transfer* t = i < 0 ? &first : &all[i];
    first.done = 0;
    CURL* easy = make(t, authorities, urls[i < 0 ? 0 : i], by);
    t->quiet = 1;
    CHECK(curl_easy_setopt(easy, CURLOPT_RESOLVE, where));
    CHECK(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields));
    if (i < 0) CHECK(curl_easy_setopt(easy, CURLOPT_NOBODY, 1L));
    CHECK(curl_multi_add_handle(multi, easy));
    while (i < 0 && !first.done) turn(multi);
    if (i < 0) begun = milliseconds();
  }
  for (int ended = 0; ended < count;) {
    struct transfer* t = turn(multi);
    if (t == NULL) continue;
    ++ended;
    printf("%d %llu %.1f\n", (int)(t - all), (unsigned long long)t->received, milliseconds() - begun);
  }
  curl_multi_cleanup(multi);
  curl_slist_free_all(where);
  curl_slist_free_all(fields);
  free(all);
  return 0;
}

static int wait_and_get(const char* authorities, const char* url, int count) {
  struct transfer t = {0};
  CURL* easy = make(&t, authorities, url, CURL_HTTP_VERSION_3ONLY);
  for (int i = 0; i < count; ++i) {
    if (i > 0 && getchar() == EOF) return 1;
    t.received = 0;
    const CURLcode result = curl_easy_perform(easy);
    if (result == CURLE_OK) {
      tell(&t);
    } else {
      printf("failed: %s\n", curl_easy_strerror(result));
      fflush(stdout);
    }
  }
  curl_easy_cleanup(easy);
  return 0;
}

static int large(const char* authorities, const char* base, uint64_t size, int small) {
  CURLM* multi = make_multi();
  struct transfer up = {0}, down = {0};
  char url[300];
  snprintf(url, sizeof url, "%s/upload", base);
  CURL* easy = make(&up, authorities, url, CURL_HTTP_VERSION_3ONLY);
  CHECK(curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L));
  CHECK(curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "POST"));
  CHECK(curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_wanted));
  CHECK(curl_easy_setopt(easy, CURLOPT_READDATA, &up));
  CHECK(curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024));
  CHECK(curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size));
  up.to_send = size;
  CHECK(curl_multi_add_handle(multi, easy));
  snprintf(url, sizeof url, "%s/bytes/%llu", base, (unsigned long long)size);
  down.has_pattern = 1;
  CHECK(curl_multi_add_handle(multi, make(&down, authorities, url, CURL_HTTP_VERSION_3ONLY)));

  struct transfer one = {0};
  int answered = 0, running = 0;
  uint64_t begun_at = 0, most = 0;
  snprintf(url, sizeof url, "%s/style.css", base);
  while (!up.done || !down.done) {
    if (!running && answered < small && up.sent > 0 && down.received > 0) {
      memset(&one, 0, sizeof one);
      CHECK(curl_multi_add_handle(multi, make(&one, authorities, url, CURL_HTTP_VERSION_3ONLY)));
      begun_at = up.sent + down.received;
      running = 1;
    }
    if (turn(multi) == &one) {
      running = 0;
      if (!up.done && !down.done) ++answered;
      if (up.sent + down.received - begun_at > most) most = up.sent + down.received - begun_at;
    }
  }
  printf("{\"small\": %d, \"most_meanwhile\": %llu, \"sent\": %llu, \"check\": \"%08x\", \"received\": %llu, \"wrong\": %llu, \"answer\": %s}\n",
         answered, (unsigned long long)most, (unsigned long long)up.sent, up.check, (unsigned long long)down.received,
         (unsigned long long)down.wrong, up.text_size > 0 ? up.text : "null");
  curl_multi_cleanup(multi);
  return 0;
}

int main(int count, char** words) {
  make_crc_table();
  CHECK(curl_global_init(CURL_GLOBAL_DEFAULT));
  const char* what = count > 1 ? words[1] : "";
  if (strcmp(what, "version") == 0) {
    const curl_version_info_data* v = curl_version_info(CURLVERSION_NOW);
    printf("libcurl %s, %s, %s\n", v->version, v->ssl_version, v->quic_version != NULL ? v->quic_version : "no QUIC");
    return (v->features & CURL_VERSION_HTTP3) != 0 ? 0 : 77;
  }
  if (strcmp(what, "get") == 0 && count >= 5 && count % 2 == 1) return get(words[2], (count - 3) / 2, words + 3);
  if (strcmp(what, "upload") == 0 && count == 7) return upload(words[2], words[3], words[4], words[5], words[6]);
  if (strcmp(what, "altsvc") == 0 && count == 6) return altsvc(words[2], words[3], words[4], atoi(words[5]));
  if (strcmp(what, "race") == 0 && count >= 6) return race(words[2], words[3], words[4], count - 5, words + 5);
  if (strcmp(what, "wait") == 0 && count == 5) return wait_and_get(words[2], words[3], atoi(words[4]));
  if (strcmp(what, "large") == 0 && count == 6) return large(words[2], words[3], strtoull(words[4], NULL, 10), atoi(words[5]));
  fprintf(stderr, "see the source for its use\n");
  return 2;
}
