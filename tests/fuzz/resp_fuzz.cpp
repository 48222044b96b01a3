// Any bytes, in one piece and in pieces cut by the first bytes: same replies, same end.

#include "net/resp.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

using namespace roomcast::net;

namespace {

void show(std::string& out, resp_value value) {
  out += static_cast<char>('0' + static_cast<int>(value.type()));
  out += value.text();
  if (auto n = value.integer()) out += std::to_string(*n);
  size_t counted = 0;
  for (auto element : value) {
    show(out, element);
    ++counted;
  }
  if (counted != value.size()) std::abort();
  if (!value[value.size()].is_null()) std::abort();
}

std::string run(std::string_view bytes, size_t step) {
  std::string out;
  resp_parser parser{{.line_bytes = 64, .bulk_bytes = 256, .reply_bytes = 1024, .elements = 64, .depth = 4}};
  size_t consumed = 0;
  for (size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    for (;;) {
      const size_t size = end - consumed;
      auto copy = std::make_unique<char[]>(size); // exact: reading past the end is seen
      if (size > 0) std::memcpy(copy.get(), bytes.data() + consumed, size);
      const auto state = parser.parse({copy.get(), size});
      if (state == resp_parser::status::malformed) return out + "!" + std::string{parser.problem()};
      if (state == resp_parser::status::incomplete) {
        if (parser.wanted() <= size) std::abort();
        break;
      }
      if (parser.consumed() == 0 || parser.consumed() > size) std::abort();
      show(out, parser.value());
      consumed += parser.consumed();
    }
    if (end == bytes.size()) return out;
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data + 1), size - 1};
  if (run(bytes, bytes.size() + 1) != run(bytes, data[0] % 16 + 1)) std::abort();
  return 0;
}
