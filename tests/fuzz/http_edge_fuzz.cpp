// The HTTP path up to the session: arbitrary bytes, in arbitrary pieces, as a connection feeds them.

#include "core/limits.hpp"
#include "net/http_reader.hpp"
#include "net/http_render.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace roomcast;
using namespace roomcast::net;

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

bool is_one_head(const std::string& text) {
  return text.starts_with("HTTP/1.1 ") && text.find("\r\n\r\n") == text.size() - 4;
}

void check_verdict(const edge_verdict& verdict) {
  switch (verdict.kind) {
  case request_kind::refused:
    expect(verdict.refusal.status >= 400 && verdict.refusal.status < 500);
    expect(is_one_head(render_response(verdict.refusal, false, true)));
    return;
  case request_kind::upgrade:
    expect(verdict.accept_key.size() == 28);
    expect(verdict.request.method == "GET");
    for (const auto& name : verdict.request.subprotocols)
      expect(is_one_head(render_upgrade(verdict.accept_key, name)));
    [[fallthrough]];
  case request_kind::plain:
    expect(verdict.request.path.starts_with('/') || verdict.request.path == "*");
    expect(verdict.request.path.find('?') == std::string::npos);
  }
}

/// Reads all requests; returns how many there were, and how it ended.
std::pair<int, unsigned> read_all(std::string_view bytes, size_t piece) {
  const boost::asio::ip::tcp::endpoint peer{boost::asio::ip::address_v4::loopback(), 1};
  http_reader reader;
  std::string kept;
  int requests = 0;
  while (!bytes.empty()) {
    kept.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      auto step = reader.feed(kept);
      expect(step.consumed <= kept.size());
      kept.erase(0, step.consumed);
      if (step.what == http_reader::status::failed) return {requests, step.error};
      if (step.what == http_reader::status::need_more) break;
      check_verdict(reader.judge(peer));
      (void)reader.keep_alive();
      reader.next();
      ++requests;
    }
    expect(kept.size() <= limits::max_http_header_bytes + piece);
  }
  return {requests, 0};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  auto whole = read_all(bytes, std::max<size_t>(bytes.size(), 1));
  auto cut = read_all(bytes, 1u + data[0] % 64u);
  expect(whole.first == cut.first);
  return 0;
}
