// Preloaded into a server (LD_PRELOAD), counts its allocations in the file that ALLOCATIONS_FILE names: eight
// bytes that another process may read at any time. For glibc, whose functions do the work.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace {

using count_t = std::atomic<uint64_t>;
static_assert(sizeof(count_t) == 8 && count_t::is_always_lock_free);

// Allocations come before any constructor of ours, so this needs none.
constinit count_t before_the_file{0};
constinit std::atomic<count_t*> allocations{&before_the_file};

void count() noexcept {
  allocations.load(std::memory_order_relaxed)->fetch_add(1, std::memory_order_relaxed);
}

__attribute__((constructor)) void open_file() noexcept {
  const char* path = std::getenv("ALLOCATIONS_FILE");
  const int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (fd < 0) return;
  void* page = ftruncate(fd, sizeof(count_t)) == 0
                   ? mmap(nullptr, sizeof(count_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                   : MAP_FAILED;
  close(fd);
  if (page != MAP_FAILED) allocations = static_cast<count_t*>(page);
}

} // namespace

extern "C" {

void* malloc(size_t size) noexcept {
  count();
  return __libc_malloc(size);
}

void* calloc(size_t number, size_t size) noexcept {
  count();
  return __libc_calloc(number, size);
}

void* realloc(void* old, size_t size) noexcept {
  count();
  return __libc_realloc(old, size);
}

void* aligned_alloc(size_t alignment, size_t size) noexcept {
  count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** out, size_t alignment, size_t size) noexcept {
  count();
  *out = __libc_memalign(alignment, size);
  return *out || size == 0 ? 0 : ENOMEM;
}
}
