#include "actors/event_batch.hpp"

#include <cstring>
#include <utility>

namespace roomcast::actors {
namespace {

/// What a cleared batch keeps: enough for what comes in small numbers, and no one burst's memory for ever.
constexpr size_t max_kept_bytes = 16'384;

} // namespace

void event_batch::append(const event& added) {
  const record_header header{added.excluded, added.at, added.text.size()};
  char* place = writing_.extend(sizeof header + added.text.size());
  std::memcpy(place, &header, sizeof header);
  std::memcpy(place + sizeof header, added.text.data(), added.text.size());
  credit_.add(added.text.size());
  text_bytes_ += added.text.size();
  ++count_;
}

void event_batch::clear(ref<unflushed_bytes> pool) noexcept {
  freeze();
  writing_.reuse(std::exchange(records_, {}), max_kept_bytes);
  credit_ = flush_credit{std::move(pool)};
  text_bytes_ = 0;
  count_ = 0;
}

event_batch::event event_batch::take(std::string_view& rest) noexcept {
  record_header header;
  std::memcpy(&header, rest.data(), sizeof header);
  const auto text = rest.substr(sizeof header, header.size);
  rest.remove_prefix(sizeof header + header.size);
  return {text, header.excluded, header.at};
}

} // namespace roomcast::actors
