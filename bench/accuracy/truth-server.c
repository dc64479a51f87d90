/*
 * The server that knows how long it took. Each answer waits for a seeded delay, and the kernel, not this program, says how
 * long it was: from the arrival of the request's last segment to the departure of the answer, both stamped where the
 * loopback interface handles them (SO_TIMESTAMPING). So the truth holds also when this program waits for a core.
 *
 * Standard output: the port, then a line an answer: its number, the delay that was meant, the time between the return of
 * recvmsg and the call of send on the monotonic clock, and the kernel's interval, all in ns. The answer's body has as many
 * bytes as its number, by which a client's figures find their truth.
 *
 * Usage: truth-server SEED LEAST_NS MOST_NS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Numbers begin anew after so many answers: none is longer than this, and all go out in one segment. */
#define NUMBERS 8192
#define SECOND 1000000000LL

static const int STAMPS = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
                          SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_ID;

struct job {
  int fd;
  int number;
  int64_t delay;
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t nanoseconds(struct timespec at) { return at.tv_sec * SECOND + at.tv_nsec; }

static int64_t monotonic(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return nanoseconds(at);
}

static int64_t stamp_of(struct msghdr *message) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPING) continue;
    struct scm_timestamping stamps;
    memcpy(&stamps, CMSG_DATA(c), sizeof stamps);
    return nanoseconds(stamps.ts[0]);
  }
  return 0;
}

/* Reads what is there, and returns when the kernel got it; 0 at the end of the connection. */
static int64_t receive(int fd, char *bytes, size_t size, size_t *length, int flags) {
  char control[512];
  struct iovec part = {bytes + *length, size - *length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(fd, &message, flags);
  if (got < 0 || (got == 0 && !(flags & MSG_ERRQUEUE))) return 0;
  *length += (size_t)got;
  int64_t at = stamp_of(&message);
  if (at == 0) {
    fprintf(stderr, "the kernel gave no time stamp\n");
    exit(1);
  }
  return at;
}

static void *serve(void *given) {
  struct job job = *(struct job *)given;
  free(given);
  char request[4096], answer[NUMBERS + 256], ignored[64];
  size_t length = 0, none = 0;
  int64_t arrived;
  do {
    arrived = receive(job.fd, request, sizeof request, &length, 0);
    if (arrived == 0 || length == sizeof request) {
      close(job.fd);
      return NULL;
    }
  } while (memmem(request, length, "\r\n\r\n", 4) == NULL);

  int64_t began = monotonic(), until = began + job.delay;
  struct timespec wake = {until / SECOND, until % SECOND};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) == EINTR) {
  }

  int head = snprintf(answer, sizeof answer,
                      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\nx-delay-ns: %lld\r\n"
                      "connection: close\r\n\r\n",
                      job.number, (long long)job.delay);
  memset(answer + head, '.', (size_t)job.number);
  int64_t kept = monotonic() - began;
  if (send(job.fd, answer, (size_t)(head + job.number), MSG_NOSIGNAL) == head + job.number) {
    struct pollfd departure = {.fd = job.fd, .events = 0};
    int64_t left = 0;
    /* A client that closed at once lets poll return as well: the stamp is there by then, or never. */
    while (left == 0 && poll(&departure, 1, 1000) > 0 && (departure.revents & POLLERR))
      left = receive(job.fd, ignored, sizeof ignored, &none, MSG_ERRQUEUE);
    if (left != 0) {
      char line[128];
      int size = snprintf(line, sizeof line, "%d %lld %lld %lld\n", job.number, (long long)job.delay, (long long)kept,
                          (long long)(left - arrived));
      if (write(STDOUT_FILENO, line, (size_t)size) != size) exit(0);
    }
  }
  close(job.fd);
  return NULL;
}

/* xorshift64: repeatable, and nothing that anybody is to guess. */
static uint64_t drawn(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: truth-server SEED LEAST_NS MOST_NS\n");
    return 2;
  }
  uint64_t state = strtoull(arguments[1], NULL, 10) * 2654435761u + 88172645463325252u;
  int64_t least = atoll(arguments[2]), most = atoll(arguments[3]);
  /* Not to outlive whoever reads the lines. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  /* A sleep shall end when it was meant to, not up to 50 µs later. */
  prctl(PR_SET_TIMERSLACK, 1);

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 512) < 0 ||
      getsockname(listener, (struct sockaddr *)&address, &size) < 0)
    fail("listen");
  /* As long as one socket wants stamps the kernel stamps all that comes, also before it was accepted. */
  if (setsockopt(listener, SOL_SOCKET, SO_TIMESTAMPING, &(int){STAMPS & ~SOF_TIMESTAMPING_OPT_ID}, sizeof on) < 0)
    fail("SO_TIMESTAMPING");
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  dprintf(STDOUT_FILENO, "%d\n", ntohs(address.sin_port));

  for (int number = 1;; number = number % NUMBERS + 1) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) fail("accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &STAMPS, sizeof STAMPS) < 0) fail("SO_TIMESTAMPING");
    struct job *job = malloc(sizeof *job);
    if (job == NULL) fail("malloc");
    *job = (struct job){fd, number, least + (int64_t)(drawn(&state) % (uint64_t)(most - least + 1))};
    pthread_t thread;
    if ((errno = pthread_create(&thread, &detached, serve, job)) != 0) fail("pthread_create");
  }
}
